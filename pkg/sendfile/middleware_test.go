package sendfile

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// observed collects what a Middleware reports.
type observed struct {
	mu   sync.Mutex
	list []Served
}

func (o *observed) note(_ *http.Request, s Served) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.list = append(o.list, s)
}

// one is the only file that was reported since the last call.
func (o *observed) one(t *testing.T) Served {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.list) != 1 {
		t.Fatalf("reported: %+v, want one file", o.list)
	}
	s := o.list[0]
	o.list = nil
	return s
}

// library is a folder with files, and another one beside it.
func library(t *testing.T, names ...string) (media, other string) {
	t.Helper()
	dir := t.TempDir()
	media, other = filepath.Join(dir, "media"), filepath.Join(dir, "other")
	for _, folder := range []string{media, other} {
		if err := os.Mkdir(folder, 0o755); err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			path := filepath.Join(folder, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte("content of "+path), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	return media, other
}

// TestMiddlewareBehindProxy: what a client gets through a proxy of any dialect
// is what the handler alone would have sent, with ranges, conditions and HEAD.
func TestMiddlewareBehindProxy(t *testing.T) {
	const name = "100% é & ü/a b.txt"
	media, _ := library(t, name, "empty.bin")
	if err := os.WriteFile(filepath.Join(media, "empty.bin"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	files := http.FileServer(http.Dir(media))
	alone := httptest.NewServer(files)
	defer alone.Close()
	_, whole := get(t, "GET", alone.URL+"/"+pathOf(name))
	for _, d := range anyDialect(t) {
		t.Run(d.Name, func(t *testing.T) {
			var seen observed
			m := Middleware{Dialect: d, Folders: map[string]string{media: "/protected/"}, Observe: seen.note}
			backend := httptest.NewServer(m.Wrap(files))
			defer backend.Close()
			address, err := url.Parse(backend.URL)
			if err != nil {
				t.Fatal(err)
			}
			proxy := httptest.NewServer(&Proxy{Backend: address, Dialect: d, Prefix: "/protected/", Root: media})
			defer proxy.Close()
			for _, ask := range []struct {
				method, name string
				fields       []string
			}{
				{"GET", name, nil},
				{"HEAD", name, nil},
				{"HEAD", name, []string{"Range", "bytes=0-1"}},
				{"GET", "empty.bin", nil},
				{"GET", name, []string{"Range", "bytes=3-9"}},
				{"GET", name, []string{"Range", "bytes=-5"}},
				{"GET", name, []string{"Range", "bytes=5-", "If-Range", `"other"`}},
				{"GET", name, []string{"If-None-Match", `"other"`}},
				{"GET", name, []string{"Range", "bytes=0-0", "X-Sendfile-Type", "X-Sendfile", "X-Accel-Mapping", media + "=/evil"}},
			} {
				res, body := get(t, ask.method, proxy.URL+"/"+pathOf(ask.name), ask.fields...)
				want, wantBody := get(t, ask.method, alone.URL+"/"+pathOf(ask.name), ask.fields...)
				served := seen.one(t)
				if served.Err != nil || served.Handoff == "" || served.Path != filepath.Join(media, ask.name) {
					t.Errorf("%v: reported %+v", ask, served)
				}
				if res.StatusCode != want.StatusCode || body != wantBody {
					t.Errorf("%v: %d %q, want %d %q", ask, res.StatusCode, body, want.StatusCode, wantBody)
				}
				for _, field := range []string{"Content-Range", "Content-Length"} {
					if diff := cmp.Diff(want.Header.Values(field), res.Header.Values(field)); diff != "" {
						t.Errorf("%v: %s (-alone +behind the proxy):\n%s", ask, field, diff)
					}
				}
			}
			res, body := get(t, "GET", proxy.URL+"/"+pathOf(name), "Range", "bytes=0-1,4-5")
			if served := seen.one(t); served.Err != nil || res.StatusCode != 206 || !strings.Contains(body, whole[4:6]) {
				t.Errorf("two ranges: %d %q, reported %+v", res.StatusCode, body, served)
			}
			for _, field := range [][2]string{{"If-None-Match", "Etag"}, {"If-Modified-Since", "Last-Modified"}, {"If-Match", "Etag"}} {
				res, _ := get(t, "GET", proxy.URL+"/"+pathOf(name))
				want := http.StatusNotModified
				if field[0] == "If-Match" {
					want = http.StatusOK
				}
				res, _ = get(t, "GET", proxy.URL+"/"+pathOf(name), field[0], res.Header.Get(field[1]))
				if res.StatusCode != want {
					t.Errorf("%s with the current validator: %d, want %d", field[0], res.StatusCode, want)
				}
			}
		})
	}
}

// pathOf is a file name as the path of a URL.
func pathOf(name string) string { return (&url.URL{Path: name}).EscapedPath() }

// TestMiddlewareHandoff: what the backend itself answers.
func TestMiddlewareHandoff(t *testing.T) {
	media, other := library(t, "a.bin", "deep/er/b.bin", "what?.bin")
	lookup := func(name string) Dialect {
		d, err := Lookup(name, "")
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	folders := map[string]string{media: "/protected/", filepath.Join(media, "deep"): "/deep", filepath.Dir(media) + "/nowhere": "/x/"}
	for _, test := range []struct {
		name    string
		dialect string
		file    string
		fields  []string
		folders map[string]string
		want    string // the handoff's value; "" streamed
		err     error
	}{
		{"mapped", "nginx", media + "/a.bin", nil, folders, "/protected/a.bin", nil},
		{"a path", "apache", media + "/what?.bin", nil, map[string]string{media: "/srv/media"}, "/srv/media/what?.bin", nil},
		{"the longest folder", "nginx", media + "/deep/er/b.bin", nil, folders, "/deep/er/b.bin", nil},
		{"not a folder by half its name", "nginx", media + "/a.bin", nil, map[string]string{media[:len(media)-1]: "/x/"}, "", ErrUnmapped},
		{"unmapped", "nginx", other + "/a.bin", nil, folders, "", ErrUnmapped},
		{"not expressible", "caddy", media + "/what?.bin", nil, folders, "", ErrNotExpressible},
		{"a bad prefix", "nginx", media + "/a.bin", nil, map[string]string{media: "protected"}, "", ErrMalformed},
		{"steered by the client", "nginx", media + "/a.bin", []string{"X-Sendfile-Type", "X-Sendfile", "X-Accel-Mapping", media + "=/evil/"}, folders, "/protected/a.bin", nil},
		{"a range", "nginx", media + "/a.bin", []string{"Range", "bytes=1-2"}, folders, "/protected/a.bin", nil},
		{"unmapped, a range", "nginx", other + "/a.bin", []string{"Range", "bytes=1-2"}, folders, "", ErrUnmapped},
	} {
		t.Run(test.name, func(t *testing.T) {
			var seen observed
			d := lookup(test.dialect)
			m := Middleware{Dialect: d, Folders: test.folders, Observe: seen.note}
			handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("X-Sendfile-Type")+r.Header.Get("X-Accel-Mapping") != "" {
					t.Error("the handler sees what only a proxy may send")
				}
				w.Header().Set("X-Kept", "1")
				http.ServeFile(w, r, test.file)
			})
			server := httptest.NewServer(m.Wrap(handler))
			defer server.Close()
			res, body := get(t, "GET", server.URL+"/", test.fields...)
			served := seen.one(t)
			if diff := cmp.Diff(Served{Path: test.file, Handoff: test.want}, Served{Path: served.Path, Handoff: served.Handoff}); diff != "" || !errors.Is(served.Err, test.err) {
				t.Errorf("reported %+v, want %v\n%s", served, test.err, diff)
			}
			if got := res.Header.Get(d.Header); got != test.want || res.Header.Get("X-Kept") != "1" {
				t.Errorf("%s: %q, want %q; X-Kept: %q", d.Header, got, test.want, res.Header.Get("X-Kept"))
			}
			if test.want == "" {
				alone := httptest.NewServer(handler)
				defer alone.Close()
				want, wantBody := get(t, "GET", alone.URL+"/", without(test.fields, "X-")...)
				if res.StatusCode != want.StatusCode || body != wantBody || res.Header.Get("Content-Range") != want.Header.Get("Content-Range") {
					t.Errorf("streamed: %d %q, want %d %q", res.StatusCode, body, want.StatusCode, wantBody)
				}
				return
			}
			got := []string{strconv.Itoa(res.StatusCode), res.Header.Get("Content-Length"), body, res.Header.Get("Accept-Ranges"), res.Header.Get("Content-Range")}
			if diff := cmp.Diff([]string{"200", "0", "", "", ""}, got); diff != "" {
				t.Errorf("status, length, body, Accept-Ranges, Content-Range (-want +got):\n%s", diff)
			}
			if tagged := res.Header.Get("Etag") != ""; tagged != (d.Form == Path) {
				t.Errorf("ETag %q", res.Header.Get("Etag"))
			}
		})
	}
}

func without(fields []string, prefix string) []string {
	if len(fields) > 0 && strings.HasPrefix(fields[0], prefix) {
		return nil
	}
	return fields
}

// TestMiddlewareLeavesAlone: answers that are no file, or not one whole file,
// are those of the handler.
func TestMiddlewareLeavesAlone(t *testing.T) {
	media, _ := library(t, "a.txt", "b.txt")
	open := func(t *testing.T) *os.File {
		f, err := os.Open(filepath.Join(media, "a.txt"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		return f
	}
	size := func(f *os.File) string {
		info, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		return strconv.FormatInt(info.Size(), 10)
	}
	copyFile := func(w http.ResponseWriter, f io.Reader) { _, _ = io.Copy(w, f) }
	for _, test := range []struct {
		name     string
		method   string
		reported string // a part of the error; "": nothing is reported
		handler  func(t *testing.T, w http.ResponseWriter, r *http.Request)
	}{
		{"a page", "GET", "", func(_ *testing.T, w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "page") }},
		{"a long page", "HEAD", "", func(_ *testing.T, w http.ResponseWriter, _ *http.Request) {
			fmt.Fprint(w, strings.Repeat("page", 10_000))
		}},
		{"nothing", "GET", "", func(*testing.T, http.ResponseWriter, *http.Request) {}},
		{"an error", "GET", "", func(_ *testing.T, w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", 403) }},
		{"early hints", "GET", "", func(_ *testing.T, w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusAccepted)
		}},
		{"a flush", "GET", "", func(t *testing.T, w http.ResponseWriter, _ *http.Request) {
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
			w.(http.Flusher).Flush()
			fmt.Fprint(w, "then")
		}},
		{"a file under an error status", "GET", "", func(t *testing.T, w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(404)
			copyFile(w, open(t))
		}},
		{"bytes in memory", "GET", "", func(_ *testing.T, w http.ResponseWriter, r *http.Request) {
			http.ServeContent(w, r, "a.txt", time.Time{}, strings.NewReader("memory"))
		}},
		{"another method", "POST", "", func(t *testing.T, w http.ResponseWriter, _ *http.Request) { copyFile(w, open(t)) }},
		{"packed", "GET", "Content-Encoding", func(t *testing.T, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			copyFile(w, open(t))
		}},
		{"no declared length", "GET", "not the whole file", func(t *testing.T, w http.ResponseWriter, _ *http.Request) {
			copyFile(w, open(t))
			fmt.Fprint(w, "and more")
		}},
		{"a rest of a file", "GET", "from offset 3", func(t *testing.T, w http.ResponseWriter, _ *http.Request) {
			f := open(t)
			if _, err := f.Seek(3, io.SeekStart); err != nil {
				t.Error(err)
			}
			copyFile(w, f)
		}},
		{"the beginning of a file", "GET", "not the whole file", func(t *testing.T, w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "3")
			_, _ = io.CopyN(w, open(t), 3)
		}},
		{"the beginning, then the rest", "GET", "", func(t *testing.T, w http.ResponseWriter, _ *http.Request) {
			f := open(t)
			w.Header().Set("Content-Length", size(f))
			fmt.Fprint(w, "con")
			if _, err := f.Seek(3, io.SeekStart); err != nil {
				t.Error(err)
			}
			copyFile(w, f)
		}},
		{"a false range", "GET", "not the whole file", func(t *testing.T, w http.ResponseWriter, _ *http.Request) {
			f := open(t)
			w.Header().Set("Content-Length", size(f))
			w.Header().Set("Content-Range", "bytes 0-3/9")
			w.WriteHeader(206)
			copyFile(w, f)
		}},
		{"a removed file", "GET", "no such file", func(t *testing.T, w http.ResponseWriter, r *http.Request) {
			f, err := os.CreateTemp(media, "")
			if err != nil {
				t.Error(err)
				return
			}
			defer f.Close()
			_ = os.Remove(f.Name())
			http.ServeContent(w, r, "x.txt", time.Time{}, f)
		}},
		{"a replaced file", "GET", "not the file that the handler opened", func(t *testing.T, w http.ResponseWriter, _ *http.Request) {
			f, err := os.CreateTemp(media, "")
			if err != nil {
				t.Error(err)
				return
			}
			defer f.Close()
			_ = os.Remove(f.Name())
			if err := os.WriteFile(f.Name(), []byte("other"), 0o644); err != nil {
				t.Error(err)
			}
			copyFile(w, f)
		}},
		{"a file that hides its path", "GET", "use FS", func(_ *testing.T, w http.ResponseWriter, r *http.Request) {
			http.ServeFileFS(w, r, os.DirFS(media), "b.txt")
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var seen observed
			handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { test.handler(t, w, r) })
			m := Middleware{Dialect: Dialects()[0], Folders: map[string]string{media: "/protected/"}, Observe: seen.note}
			on, off := httptest.NewServer(m.Wrap(handler)), httptest.NewServer(handler)
			defer on.Close()
			defer off.Close()
			res, body := get(t, test.method, on.URL)
			want, wantBody := get(t, test.method, off.URL)
			want.Header.Del("Date")
			res.Header.Del("Date")
			if diff := cmp.Diff(want.Header, res.Header); res.StatusCode != want.StatusCode || body != wantBody || diff != "" {
				t.Errorf("%d %q, want %d %q\n%s", res.StatusCode, body, want.StatusCode, wantBody, diff)
			}
			switch {
			case test.reported == "" && len(seen.list) > 0:
				t.Errorf("reported %+v", seen.list)
			case test.reported != "":
				if s := seen.one(t); s.Handoff != "" || s.Err == nil || !strings.Contains(s.Err.Error(), test.reported) {
					t.Errorf("reported %+v, want an error with %q", s, test.reported)
				}
			}
		})
	}
}

func TestMiddlewareOff(t *testing.T) {
	handler := http.NewServeMux()
	if got := (Middleware{Folders: map[string]string{"/": "/"}}).Wrap(handler); got != handler {
		t.Errorf("the zero dialect wraps: %T", got)
	}
}

func TestFS(t *testing.T) {
	media, _ := library(t, "a.txt", "sub/index.html")
	root, err := os.OpenRoot(media)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, test := range []struct {
		name   string
		files  http.FileSystem
		status map[string]int
		want   string
	}{
		{"DirFS", FS(os.DirFS(media)), map[string]int{"/a.txt": 200, "/": 200, "/sub/": 200, "/a.txt/b": 404, "/none": 404}, "/protected/a.txt"},
		{"Root", FS(root.FS()), map[string]int{"/a.txt": 200, "/": 200, "/sub/": 200, "/none": 404}, "/protected/a.txt"},
		{"memory", FS(fstest.MapFS{"a.txt": {Data: []byte("x")}}), map[string]int{"/a.txt": 200, "/": 200, "/none": 404}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := Middleware{Dialect: Dialects()[0], Folders: map[string]string{media: "/protected/"}, Observe: (&observed{}).note}
			server := httptest.NewServer(m.Wrap(http.FileServer(test.files)))
			defer server.Close()
			for path, status := range test.status {
				res, _ := get(t, "GET", server.URL+path)
				if res.StatusCode != status {
					t.Errorf("%s: %d, want %d", path, res.StatusCode, status)
				}
				if got := res.Header.Get("X-Accel-Redirect"); path == "/a.txt" && got != test.want {
					t.Errorf("%s: handoff %q, want %q", path, got, test.want)
				}
			}
		})
	}
}
