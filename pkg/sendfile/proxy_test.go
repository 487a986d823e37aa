package sendfile

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// stack is a reference proxy in front of a backend, with a storage.
type stack struct {
	storage string
	proxy   *httptest.Server
	backend *httptest.Server
}

func newStack(t *testing.T, d Dialect, backend http.Handler) stack {
	t.Helper()
	s := stack{storage: t.TempDir(), backend: httptest.NewServer(backend)}
	t.Cleanup(s.backend.Close)
	address, err := url.Parse(s.backend.URL)
	if err != nil {
		t.Fatal(err)
	}
	s.proxy = httptest.NewServer(&Proxy{Backend: address, Dialect: d, Prefix: "/protected/", Root: s.storage})
	t.Cleanup(s.proxy.Close)
	return s
}

func (s stack) put(t *testing.T, name, content string) {
	t.Helper()
	file := filepath.Join(s.storage, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// get asks a server and returns the response and its body.
func get(t *testing.T, method, address string, fields ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(fields); i += 2 {
		r.Header.Add(fields[i], fields[i+1])
	}
	transport := &http.Transport{DisableKeepAlives: true, DisableCompression: true}
	res, err := transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatalf("%s %s: %v", method, address, err)
	}
	return res, string(body)
}

// TestProxyExpect: the reference proxy does what its oracle expects, in every
// dialect, for the responses that real servers were recorded with.
func TestProxyExpect(t *testing.T) {
	const content = "the file's content"
	for _, d := range anyDialect(t) {
		t.Run(d.Name, func(t *testing.T) {
			var header http.Header
			var status int
			s := newStack(t, d, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				for name, values := range header {
					w.Header()[name] = values
				}
				w.WriteHeader(status)
			}))
			s.put(t, "a.pdf", content)
			sets := readRecording(t, "nginx").Sets
			delete(sets["odd"], "Connection") // framing is the server's business here
			delete(sets["odd"], "Keep-Alive")
			for set, fields := range sets {
				for _, handoff := range []string{"", "/protected/a.pdf", "/protected/missing.pdf"} {
					for _, status = range []int{200, 201, 204, 206, 302, 304, 403, 404, 500} {
						for _, method := range []string{"GET", "HEAD"} {
							header = fields.Clone()
							header.Del(d.Header) // another server's in the recording
							if status != 204 && status != 304 {
								header.Set("Content-Length", "0")
							}
							if status == 304 {
								header.Del("Content-Type") // net/http does not send it
							}
							size := int64(-1)
							if handoff != "" {
								header.Set(d.Header, handoff)
							}
							if handoff == "/protected/a.pdf" {
								size = int64(len(content))
							}
							want := d.Expect(method, status, header, size)
							res, body := get(t, method, s.proxy.URL+"/dl/x")
							what := set + " " + method + " " + strconv.Itoa(status) + " " + handoff
							if res.StatusCode != want.Status {
								t.Errorf("%s: status %d, want %d", what, res.StatusCode, want.Status)
							}
							for _, fault := range broken(want, header, res.Header) {
								t.Errorf("%s: %s", what, fault)
							}
							out, code := d.outcome(status, handoff != "", size)
							if whole := out == sent && method == "GET" && code != 204 && code != 304; whole != (body == content) {
								t.Errorf("%s: body %q", what, body)
							}
							if res.Header.Get(d.Header) != "" {
								t.Errorf("%s: the handoff leaks", what)
							}
						}
					}
				}
			}
		})
	}
}

// TestProxyCompanion: any name that the companion can hand off comes through.
func TestProxyCompanion(t *testing.T) {
	names := []string{"a.pdf", "a b", "100%", "a%20b", "a?b", "a#b", "a+b", `q"u'o\`, "é文😀", "sub/..x/.y", "end ", "a\tb", "a\nb", "\xff"}
	for _, d := range anyDialect(t) {
		h := &Handler{Spec: Spec{d, "/protected/"}, Base: "/dl/"}
		s := newStack(t, d, h)
		for i, name := range names {
			content := "file " + strconv.Itoa(i)
			s.put(t, name, content)
			h.Add(name, File{Size: int64(len(content))})
			res, body := get(t, "GET", s.proxy.URL+"/dl/"+percent(name, "/"))
			if _, err := d.Encode("/protected/", name); err != nil {
				if res.StatusCode != http.StatusUnprocessableEntity {
					t.Errorf("%s: %q: status %d, want 422", d.Name, name, res.StatusCode)
				}
				continue
			}
			if res.StatusCode != 200 || body != content {
				t.Errorf("%s: %q: %d %q, want %q", d.Name, name, res.StatusCode, body, content)
			}
		}
		if seen := h.Seen(); len(seen) != len(names) || seen[0].Forwarded["X-Forwarded-For"] == nil || "http://"+seen[0].Host != s.proxy.URL {
			t.Errorf("%s: the backend saw %d requests, the first %+v", d.Name, len(seen), seen[0])
		}
	}
}

func TestProxyRangesAndConditions(t *testing.T) {
	for _, d := range Dialects() {
		h := &Handler{Spec: Spec{d, "/protected/"}, Base: "/"}
		s := newStack(t, d, h)
		s.put(t, "a.txt", "0123456789")
		h.Add("a.txt", File{Size: 10, ETag: `"backend"`, ModTime: time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)})
		res, _ := get(t, "GET", s.proxy.URL+"/a.txt")
		tag, date := res.Header.Get("Etag"), res.Header.Get("Last-Modified")
		if fromBackend := d.Name == "apache" || d.Name == "lighttpd"; fromBackend != (tag == `"backend"`) || fromBackend != strings.Contains(date, "2001") {
			t.Errorf("%s: ETag %s, Last-Modified %s", d.Name, tag, date)
		}
		tests := []struct {
			field, value string
			status       int
			body         string
		}{
			{"Range", "bytes=2-4", 206, "234"},
			{"Range", "bytes=-2", 206, "89"},
			{"Range", "bytes=10-", 416, ""},
			{"If-None-Match", tag, 304, ""},
			{"If-None-Match", `"other"`, 200, "0123456789"},
			{"If-Modified-Since", date, 304, ""},
			{"If-Match", `"other"`, 412, ""},
		}
		for _, tt := range tests {
			res, body := get(t, "GET", s.proxy.URL+"/a.txt", tt.field, tt.value)
			if res.StatusCode != tt.status || tt.body != "" && body != tt.body {
				t.Errorf("%s: %s: %s: %d %q, want %d %q", d.Name, tt.field, tt.value, res.StatusCode, body, tt.status, tt.body)
			}
		}
	}
}

// TestProxyConfines: no handoff reaches a file outside of the root.
func TestProxyConfines(t *testing.T) {
	for _, d := range anyDialect(t) {
		var value string
		s := newStack(t, d, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set(d.Header, value)
		}))
		outside := t.TempDir()
		if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("secret"), 0o644); err != nil {
			t.Fatal(err)
		}
		s.put(t, "sub/inside", "inside")
		for link, target := range map[string]string{"escape": outside, "file": filepath.Join(outside, "secret"), "good": "sub/inside"} {
			if err := os.Symlink(target, filepath.Join(s.storage, link)); err != nil {
				t.Fatal(err)
			}
		}
		for _, value = range []string{
			"/protected/../" + filepath.Base(outside) + "/secret", "/protected/%2e%2e/" + filepath.Base(outside) + "/secret", filepath.Join(outside, "secret"),
			"/protected/escape/secret", "/protected/file", "/protected/sub", "/protected/sub/", "/protected/", "/protected", "protected/sub/inside", "/protected/sub/inside%00", "http://x/protected/sub/inside",
		} {
			res, body := get(t, "GET", s.proxy.URL+"/x")
			want := http.StatusNotFound
			if d.Name == "lighttpd" && value != "/protected/sub/inside%00" { // for lighttpd that is inside_
				want = http.StatusForbidden
			}
			if res.StatusCode != want || strings.Contains(body, "secret") || strings.Contains(body, "inside") {
				t.Errorf("%s: %q: %d %q", d.Name, value, res.StatusCode, body)
			}
		}
		value = "/protected/good"
		if res, body := get(t, "GET", s.proxy.URL+"/x"); res.StatusCode != 200 || body != "inside" {
			t.Errorf("%s: a link within the root: %d %q", d.Name, res.StatusCode, body)
		}
	}
}

func TestProxyInternalURI(t *testing.T) {
	for _, d := range Dialects() {
		asked := 0
		s := newStack(t, d, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
		s.put(t, "a", "content")
		res, body := get(t, "GET", s.proxy.URL+"/protected/a")
		if d.Form == URI && (res.StatusCode != 404 || asked != 0) || d.Form == Path && asked != 1 || strings.Contains(body, "content") {
			t.Errorf("%s: %d %q, the backend was asked %d times", d.Name, res.StatusCode, body, asked)
		}
	}
}

func TestProxyPassesOn(t *testing.T) {
	d := mustLookup(t, "nginx", "")
	var got *http.Request
	s := newStack(t, d, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got = r.Clone(r.Context())
		w.Header()["X-Two"] = []string{"1", "2"}
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "page")
	}))
	res, body := get(t, "PUT", s.proxy.URL+"/a%2Fb;c?x=1;2&%zz", "Accept-Encoding", "br", "Range", "bytes=0-0")
	if res.StatusCode != http.StatusTeapot || body != "page" {
		t.Errorf("got %d %q", res.StatusCode, body)
	}
	if diff := cmp.Diff([]string{"1", "2"}, res.Header.Values("X-Two")); diff != "" {
		t.Error(diff)
	}
	want := []string{"PUT", "/a%2Fb;c?x=1;2&%zz", strings.TrimPrefix(s.proxy.URL, "http://"), "br", "bytes=0-0", "http"}
	have := []string{got.Method, got.RequestURI, got.Host, got.Header.Get("Accept-Encoding"), got.Header.Get("Range"), got.Header.Get("X-Forwarded-Proto")}
	if diff := cmp.Diff(want, have); diff != "" {
		t.Error(diff)
	}
	get(t, "GET", s.proxy.URL+"/a")
	if values := got.Header.Values("Accept-Encoding"); values != nil {
		t.Errorf("the proxy adds Accept-Encoding %q", values)
	}
}

func TestProxyBadGateway(t *testing.T) {
	s := newStack(t, mustLookup(t, "nginx", ""), http.NotFoundHandler())
	s.backend.Close()
	if res, _ := get(t, "GET", s.proxy.URL+"/x"); res.StatusCode != http.StatusBadGateway {
		t.Errorf("status %d, want 502", res.StatusCode)
	}
}
