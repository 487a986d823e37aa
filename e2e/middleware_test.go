package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/nginx"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// TestMiddleware: a plain Go file server behind the real proxy hands its files
// off, and a client sees no difference but the sender.
func TestMiddleware(t *testing.T) {
	const name, content = "100% é & #1.txt", "the content of the file"
	media := storage(t)
	if err := os.WriteFile(filepath.Join(media, name), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	s := sample(t, nginx.Kind, "downloads.conf")
	spec, err := sendfile.ParseSpec(s.Sendfile, "")
	if err != nil {
		t.Fatal(err)
	}
	streamed := make(chan error, 100)
	m := sendfile.Middleware{
		Dialect: spec.Dialect, Folders: map[string]string{media: spec.Prefix},
		Observe: func(_ *http.Request, s sendfile.Served) { streamed <- s.Err },
	}
	application := httptest.NewServer(m.Wrap(http.StripPrefix("/dl/", http.FileServer(http.Dir(media)))))
	defer application.Close()
	st := start(t, nginx.Kind, s, application.Listener.Addr().String(), media, nil)
	for _, ask := range []struct {
		method, field, value string
		status               int
		body                 string
	}{
		{"GET", "X-Plain", "1", 200, content},
		{"HEAD", "X-Plain", "1", 200, ""},
		{"GET", "Range", "bytes=4-10", 206, content[4:11]},
		{"GET", "Range", "bytes=-4", 206, content[len(content)-4:]},
		{"GET", "If-None-Match", `"other"`, 200, content},
		{"GET", "X-Accel-Mapping", media + "=/direct/", 200, content},
		{"GET", "X-Sendfile-Type", "X-Sendfile", 200, content},
	} {
		r, err := http.NewRequestWithContext(t.Context(), ask.method, st.proxyURL("/dl/100%25%20%C3%A9%20%26%20%231.txt"), nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set(ask.field, ask.value)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil || res.StatusCode != ask.status || string(body) != ask.body {
			t.Errorf("%+v: %d %q, %v", ask, res.StatusCode, body, err)
		}
		// Only a file that was sent by the proxy has the proxy's own ETag.
		if !strings.HasPrefix(res.Header.Get("ETag"), `"`) || len(res.Header.Values("Accept-Ranges")) > 1 {
			t.Errorf("%+v: ETag %q, Accept-Ranges %q", ask, res.Header.Get("ETag"), res.Header.Values("Accept-Ranges"))
		}
		if err := <-streamed; err != nil {
			t.Errorf("%+v: streamed: %v", ask, err)
		}
	}
}
