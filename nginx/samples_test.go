package nginx

import (
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/server"
)

func TestSamplesAreListed(t *testing.T) {
	files, err := fs.Glob(os.DirFS("samples"), "*")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, s := range Kind.Samples {
		listed = append(listed, s.Name)
		if text, err := os.ReadFile(filepath.Join("samples", s.Name)); err != nil || s.Text != string(text) {
			t.Errorf("%s is not the file of that name (%v)", s.Name, err)
		}
	}
	slices.Sort(listed)
	if d := cmp.Diff(files, listed); d != "" {
		t.Errorf("samples (-files +listed):\n%s", d)
	}
}

func TestSamplesHaveEveryPlaceholder(t *testing.T) {
	v := server.Placeholders()
	for _, s := range Kind.Samples {
		for _, want := range []string{"listen " + v.Listen + ";", v.Backend, v.Storage, "location " + s.Path, s.Direct} {
			if s.Name == "application.conf" && want == "location "+s.Path {
				want = s.Path // all of the application is behind one location
			}
			if !strings.Contains(s.Text, want) {
				t.Errorf("%s lacks %q", s.Name, want)
			}
		}
	}
}

// TestSamplesDeliver runs every sample as rendered.
func TestSamplesDeliver(t *testing.T) {
	for _, s := range Kind.Samples {
		t.Run(s.Name, func(t *testing.T) {
			prefix := strings.TrimPrefix(s.Sendfile, "nginx:")
			backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if name, ok := strings.CutPrefix(r.URL.EscapedPath(), s.Path); ok {
					w.Header().Set("X-Accel-Redirect", prefix+name)
				}
			}))
			defer backend.Close()
			store, err := os.MkdirTemp("", "proxydiag-store-") //nolint:usetesting // its parents are closed to workers
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = os.RemoveAll(store) }()
			values := server.Values{Backend: backend.Listener.Addr().String(), Storage: store}
			folder := s.Render(values).Storage
			for _, err := range []error{
				os.MkdirAll(folder, 0o755),
				os.Chmod(store, 0o755),
				os.WriteFile(filepath.Join(folder, "a b.txt"), []byte("content"), 0o644),
			} {
				if err != nil {
					t.Fatal(err)
				}
			}
			p := launch(t, func(addr string) string {
				values.Listen = addr
				return s.Render(values).Text
			})
			if status, body := get(t, p.Addr(), s.Path+"a%20b.txt"); status != 200 || body != "content" {
				t.Errorf("the download: %d %q", status, body)
			}
			if s.Direct != "" {
				if status, body := get(t, p.Addr(), s.Direct+"a%20b.txt"); status != 200 || body != "content" {
					t.Errorf("the direct location: %d %q", status, body)
				}
			}
			if _, body := get(t, p.Addr(), prefix+"a%20b.txt"); strings.Contains(body, "content") {
				t.Error("the internal location can be asked for directly")
			}
			if log, err := os.ReadFile(p.ErrorLog()); err != nil || len(log) != 0 {
				t.Errorf("error log: %s%v", log, err)
			}
		})
	}
}
