package e2e

import (
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/internal/storetest"
	"github.com/proxydiag/proxydiag/nginx"
	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/fixture/remote"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// bucket is where the objects of these tests lie. Everybody may read what is in
// the public one.
const (
	private = "media"
	public  = "public"
)

// objectRow is a stack whose internal location fetches from a real S3 server.
// In its text 127.0.0.1:8003 is the server's address.
type objectRow struct {
	name      string
	site      edit
	bucket    string                                            // "": the private one
	companion bool                                              // else an application that presigns
	onlyGet   bool                                              // and knows no HEAD
	front     func(w http.ResponseWriter, r *http.Request) bool // stands before the server; nil: nothing does
	code      string                                            // the first finding
	near      string                                            // the codes, separated by blanks, that it must not be taken for
}

// Hidden are the fields that the server adds to what it sends.
const hidden = `proxy_set_header Authorization "";
proxy_set_header Cookie "";
proxy_hide_header X-Amz-Request-Id;
proxy_hide_header X-Amz-Id-2;
proxy_hide_header X-Amz-Storage-Class;
proxy_hide_header X-Amz-Version-Id;
proxy_hide_header X-Amz-Checksum-Type;
proxy_hide_header X-Amz-Checksum-Crc64nvme;
`

const allOfS3 = "nginx-s3-args-lost nginx-s3-host nginx-s3-auth-forwarded nginx-s3-header-leak nginx-s3-variable-decoded"

func s3Rows() []objectRow {
	captured := func(text string) edit {
		return locations(download + "location ~ ^/protected/(.*)$ {\ninternal;\n" + hidden + text + "\n}")
	}
	return []objectRow{
		{name: "presigned", site: internalLocation(hidden + "proxy_pass http://127.0.0.1:8003/media/;"), near: allOfS3},
		{name: "public", bucket: public, companion: true, site: internalLocation(hidden + "proxy_pass http://127.0.0.1:8003/public/;"), near: allOfS3},
		{name: "public, Host of the client", bucket: public, companion: true, near: "nginx-s3-host",
			site: internalLocation(hidden + "proxy_set_header Host $http_host;\nproxy_pass http://127.0.0.1:8003/public/;")},
		{name: "public, decoded names", bucket: public, companion: true, code: "nginx-s3-variable-decoded", near: "nginx-s3-args-lost",
			site: locations(download + "location ~ ^/protected/(.*)$ {\ninternal;\n" + hidden + "proxy_pass http://127.0.0.1:8003/public/$1; # here\n}")},
		{name: "presigned, the query appended", near: "nginx-s3-args-lost",
			site: internalLocation(hidden + "rewrite ^/protected/(.*)$ /media/$1 break;\nproxy_pass http://127.0.0.1:8003;")},
		{name: "presigned for GET alone", onlyGet: true, code: "proxy-method-blocked", near: allOfS3,
			site: internalLocation(hidden + "proxy_pass http://127.0.0.1:8003/media/;")},
		{name: "presigned for GET alone, and asked for by GET", onlyGet: true, near: "proxy-method-blocked " + allOfS3,
			site: internalLocation(hidden + "proxy_method GET;\nproxy_pass http://127.0.0.1:8003/media/;")},
		{name: "presigned, query lost", code: "nginx-s3-args-lost", near: "nginx-s3-host nginx-s3-auth-forwarded",
			site: captured("proxy_pass http://127.0.0.1:8003/media/$1; # here")},
		{name: "presigned, query cut off by a rewrite", code: "nginx-s3-args-lost", near: "nginx-s3-host",
			site: internalLocation(hidden + "rewrite ^/protected/(.*)$ /media/$1? break; # here\nproxy_pass http://127.0.0.1:8003;")},
		{name: "presigned, Host of the client", code: "nginx-s3-host", near: "nginx-s3-args-lost nginx-s3-auth-forwarded",
			site: internalLocation(hidden + "proxy_set_header Host $http_host; # here\nproxy_pass http://127.0.0.1:8003/media/;")},
		{name: "presigned, Host of the storage", near: "nginx-s3-host",
			site: internalLocation(hidden + "proxy_set_header Host 127.0.0.1:8003;\nproxy_pass http://127.0.0.1:8003/media/;")},
		{name: "presigned, signed twice", front: oneSignature, code: "nginx-s3-auth-forwarded", near: "nginx-s3-header-leak nginx-s3-host",
			site: internalLocation(strings.Replace(hidden, "proxy_set_header Authorization \"\";\n", "", 1) + "proxy_pass http://127.0.0.1:8003/media/; # here")},
		{name: "presigned, signed twice, which this server takes", near: "nginx-s3-auth-forwarded",
			site: internalLocation(strings.Replace(hidden, "proxy_set_header Authorization \"\";\n", "", 1) + "proxy_pass http://127.0.0.1:8003/media/;")},
		{name: "public, the client's login forwarded", bucket: public, companion: true, code: "nginx-s3-auth-forwarded", near: "nginx-s3-header-leak nginx-s3-host",
			site: internalLocation(strings.Replace(hidden, "proxy_set_header Authorization \"\";\n", "", 1) + "proxy_pass http://127.0.0.1:8003/public/; # here")},
		{name: "cookies forwarded alone", near: "nginx-s3-auth-forwarded",
			site: internalLocation(strings.Replace(hidden, "proxy_set_header Cookie \"\";\n", "", 1) + "proxy_pass http://127.0.0.1:8003/media/;")},
		{name: "fields of the store", code: "nginx-s3-header-leak", near: "nginx-s3-auth-forwarded",
			site: internalLocation("proxy_set_header Authorization \"\";\nproxy_pass http://127.0.0.1:8003/media/; # here")},
		{name: "objects by their decoded names", code: "nginx-s3-variable-decoded", near: "nginx-s3-args-lost nginx-s3-host",
			site: captured("proxy_pass http://127.0.0.1:8003/media/$1$is_args$args; # here")},
	}
}

// TestRealObjectStore runs check against nginx in front of a real S3 server.
func TestRealObjectStore(t *testing.T) {
	t.Parallel()
	server := storetest.StartS3(t)
	server.Bucket(t, private)
	server.Bucket(t, public)
	server.Policy(t, public, "s3:GetObject")
	t.Run("rows", func(t *testing.T) {
		for _, r := range s3Rows() {
			t.Run(strings.ReplaceAll(r.name, " ", "-"), func(t *testing.T) {
				t.Parallel()
				stack, rec := r.observe(t, server)
				rep := withoutServers(all.Judge(rec))
				t.Cleanup(func() {
					if t.Failed() {
						t.Logf("report: %s", marshal(t, rep))
					}
				})
				if len(rec.Left) > 0 {
					t.Errorf("left in the bucket: %q", rec.Left)
				}
				judgedAgain(t, rec, all.Judge(rec))
				expected := row{code: r.code, near: r.near}
				expected.assert(t, companion, rep)
				if r.code != "" {
					pointsHere(t, setup{Stack: stack}, rep)
				}
				for _, secret := range []string{server.Key, server.Secret} {
					if strings.Contains(marshal(t, rec), secret) {
						t.Errorf("%s is in the record", secret)
					}
				}
			})
		}
	})
	for o := range server.Client.ListObjects(t.Context(), private, minio.ListObjectsOptions{Recursive: true}) {
		t.Errorf("left in the bucket: %s", o.Key)
	}
}

// ofServer are findings that are true of the S3 server of these tests, asked
// directly too: it compares times to a fraction of a second, so that nothing is
// ever as old as its Last-Modified, and knows no If-Range (TestServerItself).
func ofServer(code string) bool {
	return code == "proxy-conditional-broken" || code == "proxy-ranges-broken"
}

// withoutServers is a report without them.
func withoutServers(rep diag.Report) diag.Report {
	rep.Findings = slices.DeleteFunc(slices.Clone(rep.Findings), func(f diag.Finding) bool { return ofServer(f.Code) })
	rep.Status, rep.Culprit = diag.Healthy, diag.PartNone
	for _, f := range rep.Findings {
		if f.Severity.AtLeast(diag.Warning) {
			rep.Status, rep.Culprit = diag.Misconfigured, f.Culprit
			break
		}
	}
	return rep
}

// TestServerItself: what ofServer leaves out is the server's own.
func TestServerItself(t *testing.T) {
	t.Parallel()
	server := storetest.StartS3(t)
	server.Bucket(t, public)
	server.Policy(t, public, "s3:GetObject")
	if _, err := server.Client.PutObject(t.Context(), public, "a.bin", strings.NewReader("0123456789"), 10, minio.PutObjectOptions{}); err != nil {
		t.Fatal(err)
	}
	get := func(header ...string) *http.Response {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+server.Addr+"/"+public+"/a.bin", nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(header); i += 2 {
			req.Header.Set(header[i], header[i+1])
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		return resp
	}
	modified := get().Header.Get("Last-Modified")
	if got := get("If-Modified-Since", modified).StatusCode; got != http.StatusOK {
		t.Errorf("If-Modified-Since is answered with %d: proxy-conditional-broken need not be left out any more", got)
	}
	if got := get("Range", "bytes=0-0", "If-Range", `"another"`).StatusCode; got != http.StatusPartialContent {
		t.Errorf("If-Range is answered with %d: proxy-ranges-broken need not be left out any more", got)
	}
}

// observe starts the stack and runs the command against it.
func (r objectRow) observe(t *testing.T, server *storetest.S3) (diag.Stack, *diag.Record) {
	t.Helper()
	bucket := r.bucket
	if bucket == "" {
		bucket = private
	}
	s := sample(t, nginx.Kind, "downloads.conf")
	s.Text = r.site(t, s.Text)
	backend := listen(t)
	signed := server
	if r.front != nil {
		signed = server.Behind(t, r.front)
	}
	st := start(t, nginx.Kind, s, backend.Addr().String(), storage(t), replaceAddress(signed.Addr))
	url := server.URL(bucket)
	store, err := all.OpenStore(url, remote.Options{Env: server.Env()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	stack := diag.Stack{
		Storage: url, Sendfile: st.Sample.Sendfile, Companion: r.companion,
		Backend: diag.URL(st.backendURL(s.Path)), Proxy: diag.URL(st.proxyURL(s.Path)),
		ErrorLog: st.Proxy.ErrorLog(), Config: filepath.Dir(st.Proxy.ErrorLog()),
	}
	source, err := nginx.Kind.Load(stack.Config, nil)
	if err != nil {
		t.Fatal(err)
	}
	o := diag.Observer{Store: store, Client: compare.Options{Timeout: 20 * time.Second}, Config: &diag.Config{Kind: nginx.Kind.Name, Source: source}}
	if r.companion {
		spec, err := sendfile.ParseSpec(stack.Sendfile, "")
		if err != nil {
			t.Fatal(err)
		}
		o.Companion = diag.NewCompanion(stack.Backend, spec)
		o.Companion.Serve(backend, func(h http.Handler) http.Handler { return h })
		t.Cleanup(func() { o.Companion.Close() })
	} else {
		serve(t, backend, presigning(signed, bucket, s.Path, r.onlyGet))
	}
	return stack, o.Run(t.Context(), stack, all.Families())
}

// oneSignature refuses what is signed twice, as Amazon S3 does.
func oneSignature(w http.ResponseWriter, r *http.Request) bool {
	if r.Header.Get("Authorization") == "" || !r.URL.Query().Has("X-Amz-Signature") {
		return false
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(http.StatusBadRequest)
	_, _ = io.WriteString(w, "<Error><Code>InvalidArgument</Code><Message>Only one auth mechanism allowed</Message></Error>")
	return true
}

// replaceAddress puts the server's address in.
func replaceAddress(addr string) func(string) string {
	return func(text string) string { return strings.ReplaceAll(text, "127.0.0.1:8003", addr) }
}

// presigning is an application whose files lie in a bucket: it hands off URLs
// that are signed for a minute. A signature is for one method: onlyGet says that
// HEAD is forgotten.
func presigning(server *storetest.S3, bucket, base string, onlyGet bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(r.URL.Path, base)
		if _, err := server.Client.StatObject(r.Context(), bucket, name, minio.StatObjectOptions{}); err != nil || name == "" {
			http.NotFound(w, r)
			return
		}
		method := r.Method
		if onlyGet {
			method = http.MethodGet
		}
		signed, err := server.Client.Presign(r.Context(), method, bucket, name, time.Minute, url.Values{})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("X-Accel-Redirect", "/protected/"+diag.EscapePath(name)+"?"+signed.RawQuery)
		w.Header().Set("Content-Type", "application/octet-stream")
		w.Header().Set("Content-Length", "0")
	})
}
