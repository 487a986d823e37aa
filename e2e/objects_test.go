package e2e

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/nginx"
	"github.com/proxydiag/proxydiag/pkg/appserver"
	"github.com/proxydiag/proxydiag/pkg/gate/objects"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// TestObjectStore: a companion that hands off presigned URLs, the real proxy, and
// the stand-in for an object store: the store tells what the proxy asks it for.
func TestObjectStore(t *testing.T) {
	const name = "100% a b.txt"
	escaped := url.PathEscape(name)
	for _, tt := range []struct {
		name, location string
		bucket         objects.Bucket
		fields         []string
		status         int
		line           string // the request line at the store, without the query
		note           objects.Request
	}{
		{"path style", "location /protected/ { internal; proxy_set_header Authorization ''; proxy_set_header Cookie ''; proxy_pass http://STORE/media/; }",
			objects.Bucket{Path: "/media/"}, nil, 200, "GET /media/" + escaped,
			objects.Request{Key: name, Query: objects.Intact}},
		{"host style", "location /protected/ { internal; proxy_set_header Host media.s3.test; proxy_pass http://STORE/; }",
			objects.Bucket{Host: "media.s3.test"}, []string{"Cookie", "a=1", "Range", "bytes=0-2"}, 206, "GET /" + escaped,
			objects.Request{Key: name, Query: objects.Intact, Cookie: true, Range: "bytes=0-2"}},
		{"the client's host", "location /protected/ { internal; proxy_set_header Host $host; proxy_pass http://STORE/; }",
			objects.Bucket{Host: "media.s3.test"}, nil, 403, "GET /" + escaped,
			objects.Request{Query: objects.Intact, Code: "SignatureDoesNotMatch"}},
		{"signed twice", "location /protected/ { internal; proxy_pass http://STORE/; }",
			objects.Bucket{}, []string{"Authorization", "Basic eA=="}, 400, "GET /" + escaped,
			objects.Request{Query: objects.Intact, Authorization: true, Code: "InvalidArgument"}},
		{"without the query", "location ~ ^/protected/(?<key>.*)$ { internal; rewrite ^/protected/(.*)$ /$1? break; proxy_pass http://STORE; }",
			objects.Bucket{}, nil, 403, "GET /" + escaped,
			objects.Request{Query: objects.NoQuery, Code: "AccessDenied"}},
		{"unescaped", "location ~ ^/protected/(?<key>.*)$ { internal; proxy_pass http://STORE/$key$is_args$args; }",
			objects.Bucket{}, nil, 400, "GET /" + name, objects.Request{}},
	} {
		t.Run(strings.ReplaceAll(tt.name, " ", "-"), func(t *testing.T) {
			t.Parallel()
			media := storage(t)
			write(t, filepath.Join(media, name), "content")
			tt.bucket.Files = os.DirFS(media)
			store := &objects.Store{Buckets: []objects.Bucket{tt.bucket}}
			companion := &sendfile.Handler{Base: "/dl/"}
			companion.Add(name, sendfile.File{})
			at, app := listen(t), listen(t)
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 2)
			go func() { ended <- store.Serve(ctx, at) }()
			go func() { ended <- appserver.Serve(ctx, app, appserver.HTTP, companion) }()
			defer func() {
				cancel()
				for range 2 {
					if err := <-ended; err != nil {
						t.Error(err)
					}
				}
			}()
			spec, err := sendfile.ParseSpec("nginx:/protected/", "")
			if err != nil {
				t.Fatal(err)
			}
			companion.Spec = spec
			companion.Query = func(name string) string {
				host, path := tt.bucket.Host, tt.bucket.Path
				if host == "" {
					host = at.Addr().String()
				}
				return store.Presign(host, "/"+strings.Trim(path+name, "/"), nil)
			}
			proxy, err := nginx.Kind.Launch(t.Context(), server.LaunchOptions{Binary: need.Server(t, nginx.Kind.Program), Site: func(addr string) string {
				return fmt.Sprintf("server {\n\tlisten %s;\n\tlocation /dl/ { proxy_pass http://%s; }\n\t%s\n}", addr, app.Addr(), strings.ReplaceAll(tt.location, "STORE", at.Addr().String()))
			}})
			if err != nil {
				t.Fatal(err)
			}
			defer proxy.Stop()
			r, err := http.NewRequestWithContext(t.Context(), "GET", "http://"+proxy.Addr()+"/dl/"+escaped, nil)
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(tt.fields); i += 2 {
				r.Header.Set(tt.fields[i], tt.fields[i+1])
			}
			res, err := http.DefaultClient.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(res.Body)
			res.Body.Close()
			if err != nil || res.StatusCode != tt.status || res.StatusCode == 200 && string(body) != "content" {
				t.Errorf("%d %s, %v", res.StatusCode, body, err)
			}
			notes := store.Requests()
			if len(notes) != 1 {
				t.Fatalf("%d requests are noted: %+v", len(notes), notes)
			}
			got := notes[0]
			line, _, _ := strings.Cut(strings.TrimSuffix(got.Line, " HTTP/1.0"), "?")
			if line != tt.line || !strings.HasSuffix(got.Line, " HTTP/1.0") || got.Status != tt.status || got.Key != tt.note.Key || got.Query != tt.note.Query || got.Code != tt.note.Code ||
				got.Authorization != tt.note.Authorization || got.Cookie != tt.note.Cookie || got.Range != tt.note.Range {
				t.Errorf("noted as %+v", got)
			}
		})
	}
}
