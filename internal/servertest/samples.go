package servertest

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

	"github.com/proxydiag/proxydiag/pkg/sendfile"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// RunSamples checks that the kind's samples are the files in the folder
// samples/, hold every placeholder, and deliver as rendered.
func (s Suite) RunSamples(t *testing.T) {
	t.Run("listed", s.listed)
	for _, sample := range s.Kind.Samples {
		t.Run(sample.Name, func(t *testing.T) {
			v := server.Placeholders()
			for _, want := range []string{v.Listen, v.Backend, v.Storage, sample.Path, sample.Direct} {
				if !sample.Has(want) {
					t.Errorf("the text lacks %q", want)
				}
			}
			s.deliver(t, sample)
		})
	}
}

func (s Suite) listed(t *testing.T) {
	files, err := fs.Glob(os.DirFS("samples"), "*")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, sample := range s.Kind.Samples {
		listed = append(listed, sample.Name)
		if text, err := os.ReadFile(filepath.Join("samples", sample.Name)); err != nil || sample.Text != string(text) {
			t.Errorf("%s is not the file of that name (%v)", sample.Name, err)
		}
	}
	slices.Sort(listed)
	if d := cmp.Diff(files, listed); d != "" {
		t.Errorf("samples (-files +listed):\n%s", d)
	}
}

func (s Suite) deliver(t *testing.T, sample server.Sample) {
	store, err := os.MkdirTemp("", "proxydiag-store-") //nolint:usetesting // its parents are closed to workers
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(store) })
	values := server.Values{Storage: store}
	spec, err := sendfile.ParseSpec(sample.Render(values).Sendfile, "")
	if err != nil {
		t.Fatal(err)
	}
	backend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, ok := strings.CutPrefix(r.URL.Path, sample.Path)
		value, err := spec.Encode(name)
		if !ok || err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set(spec.Dialect.Header, value)
	}))
	t.Cleanup(backend.Close)
	values.Backend = backend.Listener.Addr().String()
	const name, asked = "a b.txt", "a%20b.txt"
	write(t, store, sample.Render(values).Storage, name)

	p := s.launch(t, func(addr string) string {
		values.Listen = addr
		return sample.Render(values).Text
	})
	if status, body := get(t, p.Addr(), sample.Path+asked); status != 200 || body != "content" {
		t.Errorf("the download: %d %q", status, body)
	}
	if sample.Direct != "" {
		if status, body := get(t, p.Addr(), sample.Direct+asked); status != 200 || body != "content" {
			t.Errorf("the direct location: %d %q", status, body)
		}
	}
	s.quiet(t, p)
	if _, body := get(t, p.Addr(), spec.Prefix+asked); strings.Contains(body, "content") {
		t.Error("what the handoff names can be asked for directly")
	}
}

// write puts a file into folder, in store or below it, for everyone to read.
func write(t *testing.T, store, folder, name string) {
	t.Helper()
	for _, err := range []error{
		os.MkdirAll(folder, 0o755),
		os.Chmod(store, 0o755),
		os.Chmod(folder, 0o755),
		os.WriteFile(filepath.Join(folder, name), []byte("content"), 0o644),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}
