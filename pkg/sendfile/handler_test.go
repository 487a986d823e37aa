package sendfile

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func companion(t testing.TB, spec string) *Handler {
	t.Helper()
	s, err := ParseSpec(spec, "")
	if err != nil {
		t.Fatal(err)
	}
	return &Handler{Spec: s, Base: "/dl/"}
}

func ask(h http.Handler, method, target string, fields ...string) *http.Response {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(fields); i += 2 {
		r.Header.Add(fields[i], fields[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func TestHandlerHandsOff(t *testing.T) {
	h := companion(t, "nginx:/protected/")
	h.Extras = NginxExtras{Buffering: "no", Charset: "utf-8", Expires: "0", LimitRate: 1024}
	h.Add("ä b.pdf", File{Size: 3, ETag: `"x"`, ModTime: time.Date(2020, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))})
	want := http.Header{
		"Server":              {"proxydiag-companion"},
		"X-Accel-Redirect":    {"/protected/%C3%A4%20b.pdf"},
		"Content-Type":        {"application/pdf"},
		"Content-Disposition": {`attachment; filename="_ b.pdf"; filename*=UTF-8''%C3%A4%20b.pdf`},
		"Cache-Control":       {"private"},
		"Etag":                {`"x"`},
		"Last-Modified":       {"Thu, 02 Jan 2020 02:04:05 GMT"},
		"Content-Length":      {"0"},
		"X-Accel-Buffering":   {"no"},
		"X-Accel-Charset":     {"utf-8"},
		"X-Accel-Expires":     {"0"},
		"X-Accel-Limit-Rate":  {"1024"},
	}
	for _, method := range []string{"GET", "HEAD"} {
		res := ask(h, method, "/dl/%c3%a4%20b.pdf?x=1", "Range", "bytes=0-0", "If-None-Match", `"x"`)
		if res.StatusCode != 200 {
			t.Errorf("%s: status %d", method, res.StatusCode)
		}
		if diff := cmp.Diff(want, res.Header); diff != "" {
			t.Errorf("%s: %s", method, diff)
		}
	}
}

func TestHandlerRefuses(t *testing.T) {
	h := companion(t, "caddy:/protected/")
	h.Add("a", File{})
	h.Add("denied", File{})
	h.Deny("denied")
	h.Deny("not added")
	h.Add("a?b", File{})
	tests := []struct {
		method, target string
		status         int
	}{
		{"GET", "/dl/denied", 403},
		{"HEAD", "/dl/not%20added", 403},
		{"GET", "/dl/unknown", 404},
		{"GET", "/dl/", 404},
		{"GET", "/dl", 404},
		{"GET", "/", 404},
		{"GET", "/protected/a", 404},
		{"GET", "/dl/../dl/a", 404},
		{"GET", "/dl//a", 404},
		{"GET", "/dl/a%3Fb", 422},
		{"POST", "/dl/unknown", 404},
		{"PUT", "/dl/a", 405},
		{"OPTIONS", "*", 405},
		{"GET", "*", 404},
		{"DELETE", "/dl/unknown", 405},
	}
	for _, tt := range tests {
		res := ask(h, tt.method, tt.target)
		if res.StatusCode != tt.status || res.Header.Get("X-Accel-Redirect") != "" {
			t.Errorf("%s %s: %d with handoff %q, want %d", tt.method, tt.target, res.StatusCode, res.Header.Get("X-Accel-Redirect"), tt.status)
		}
		if allow := res.Header.Get("Allow"); (allow == "GET, HEAD, POST") != (tt.status == 405) {
			t.Errorf("%s %s: Allow is %q", tt.method, tt.target, allow)
		}
		if res.Header.Get("Server") != "proxydiag-companion" {
			t.Errorf("%s %s: Server is %q", tt.method, tt.target, res.Header.Get("Server"))
		}
	}
}

func TestHandlerBase(t *testing.T) {
	tests := []struct {
		base, target string
		ok           bool
	}{
		{"", "/a%20b", true},
		{"/dl/", "/dl/a%20b", true},
		{"/dl/", "/d%6C/a%20b", true},
		{"/my%20dl/", "/my%20dl/a%20b", true},
		{"/f/{name}/raw", "/f/a%20b/raw", true},
		{"/f/{name}/raw", "/f/a%20b/raw?x", true},
		{"/f/{name}/raw", "/f/a%20b", false},
		{"/f/{name}/raw", "/f/raw", false},
		{"/get?file={name}", "/get?file=a%20b", true},
		{"/get?file={name}&x=1", "/get?file=a%20b&x=1", true},
		{"/get?file={name}", "/get?file=a+b", false},
		{"/get?file={name}", "/get/a%20b", false},
		{"/%zz/", "/%25zz/a%20b", false},
	}
	for _, tt := range tests {
		h := companion(t, "nginx:/p/")
		h.Base = tt.base
		h.Add("a b", File{})
		res := ask(h, "GET", tt.target)
		if got := res.Header.Get("X-Accel-Redirect") == "/p/a%20b"; got != tt.ok {
			t.Errorf("%s of %s: handed off %v, want %v (status %d)", tt.target, tt.base, got, tt.ok, res.StatusCode)
		}
	}
}

func TestHandlerQuery(t *testing.T) {
	for spec, want := range map[string]string{"nginx:/p/": "/p/a?signed=a", "apache:/srv/": "/srv/a"} {
		h := companion(t, spec)
		h.Add("a", File{})
		h.Add("b", File{})
		h.Query = func(name string) string { return map[string]string{"a": "signed=a"}[name] }
		if got := ask(h, "GET", "/dl/a").Header.Get(h.Spec.Dialect.Header); got != want {
			t.Errorf("%s hands off %q, want %q", spec, got, want)
		}
		if got := ask(h, "GET", "/dl/b").Header.Get(h.Spec.Dialect.Header); got != want[:len(h.Spec.Prefix)]+"b" {
			t.Errorf("%s hands off %q", spec, got)
		}
	}
}

func TestHandlerETag(t *testing.T) {
	h := companion(t, "nginx:/p/")
	tags := map[string]bool{}
	for _, f := range []File{{}, {Size: 1}, {Size: 1, ModTime: time.Unix(1, 0)}, {Size: 1, ModTime: time.Unix(2, 0)}} {
		for _, name := range []string{"a", "b"} {
			h.Add(name, f)
			tags[ask(h, "GET", "/dl/"+name).Header.Get("Etag")] = true
		}
	}
	if len(tags) != 8 {
		t.Errorf("%d different ETags for 8 files: %v", len(tags), tags)
	}
	if res := ask(h, "GET", "/dl/a"); res.Header.Get("Last-Modified") == "" {
		t.Error("no Last-Modified")
	}
	h.Add("a", File{ContentType: "x/y"})
	if res := ask(h, "GET", "/dl/a"); res.Header.Get("Last-Modified") != "" || res.Header.Get("Content-Type") != "x/y" {
		t.Errorf("zero time or type not heeded: %v", res.Header)
	}
}

// TestHandlerSeen asks over the wire, so that the path is as it was received.
func TestHandlerSeen(t *testing.T) {
	h := companion(t, "apache:/srv/")
	h.Add("é+b", File{})
	s := httptest.NewServer(h)
	defer s.Close()
	conn, err := http.DefaultTransport.(*http.Transport).Clone().DialContext(t.Context(), "tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "GET /dl/%%c3%%A9+b?q=%%31 HTTP/1.1\r\nHost: example.test\r\n%s: 17\r\n"+
		"X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 5.6.7.8\r\nVia: 1.1 x\r\nForwarded: for=_x\r\nX-Real-IP: 9\r\nCookie: secret\r\nConnection: close\r\n\r\n", ProbeHeader)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if got := res.Header.Get("X-Sendfile"); got != "/srv/é+b" {
		t.Errorf("handoff %q", got)
	}
	want := []Seen{{
		Probe: "17", Method: "GET", Path: "/dl/%c3%A9+b", Query: "q=%31", Host: "example.test", Status: 200,
		Forwarded: map[string][]string{"X-Forwarded-For": {"1.2.3.4", "5.6.7.8"}, "Via": {"1.1 x"}, "Forwarded": {"for=_x"}, "X-Real-Ip": {"9"}},
	}}
	got := h.Seen()
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Seen{}, "Time")); diff != "" {
		t.Error(diff)
	}
	if got[0].Time.IsZero() {
		t.Error("no time")
	}
}

func TestHandlerSeenIsBounded(t *testing.T) {
	h := companion(t, "nginx:/p/")
	long := strings.Repeat("x", 3*maxText)
	for i := range maxSeen + 5 {
		r := &http.Request{Method: "GET", RequestURI: "/" + strconv.Itoa(i), URL: &url.URL{Path: "/"}, Header: http.Header{}}
		h.note(r, 404)
	}
	h.note(&http.Request{Method: "GET", RequestURI: "/" + long, URL: &url.URL{RawQuery: long}, Host: long,
		Header: http.Header{ProbeHeader: {long}, "Via": {"1.1 a", long}, "X-Forwarded-For": {long}}}, 404)
	seen := h.Seen()
	if len(seen) != maxSeen || seen[0].Path != "/6" || seen[maxSeen-2].Path != "/"+strconv.Itoa(maxSeen+4) {
		t.Fatalf("%d entries from %s to %s", len(seen), seen[0].Path, seen[maxSeen-2].Path)
	}
	last := seen[maxSeen-1]
	total := 0
	for _, values := range last.Forwarded {
		total += len(strings.Join(values, ""))
	}
	if len(last.Path) != maxText || len(last.Query) != maxText || len(last.Host) != maxText || len(last.Probe) != maxText || total > maxText {
		t.Errorf("texts are not bounded: %d %d %d %d %d", len(last.Path), len(last.Query), len(last.Host), len(last.Probe), total)
	}
}

func TestHandlerConcurrently(t *testing.T) {
	h := companion(t, "nginx:/p/")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			name := strconv.Itoa(i)
			h.Add(name, File{})
			h.Deny(name + "x")
			if res := ask(h, "GET", "/dl/"+name); res.StatusCode != 200 {
				t.Errorf("%s: %d", name, res.StatusCode)
			}
			h.Seen()
		})
	}
	wg.Wait()
	if got := len(h.Seen()); got != 8 {
		t.Errorf("%d requests seen, want 8", got)
	}
}

func TestContentDisposition(t *testing.T) {
	for name, want := range map[string]string{
		"a.pdf":         `attachment; filename="a.pdf"`,
		"dir/a b.pdf":   `attachment; filename="a b.pdf"`,
		`a"b\c%d`:       `attachment; filename="a_b_c_d"; filename*=UTF-8''a%22b%5Cc%25d`,
		"naïve 文.txt":   `attachment; filename="na_ve _.txt"; filename*=UTF-8''na%C3%AFve%20%E6%96%87.txt`,
		"a\r\nX: y\xff": "attachment; filename=\"a__X: y_\"; filename*=UTF-8''a%0D%0AX%3A%20y%EF%BF%BD",
	} {
		if got := ContentDisposition(name); got != want {
			t.Errorf("ContentDisposition(%q) = %s, want %s", name, got, want)
		}
	}
}

// FuzzHandler: whatever is asked for, only what was added is handed off.
func FuzzHandler(f *testing.F) {
	for _, target := range []string{"/dl/a%20b", "/dl/../x", "/dl/%2e%2e/x", "//", "/dl/\xff", "/dl/%", "*"} {
		f.Add("/dl/", target)
	}
	f.Add("/f/{name}/raw", "/f/raw")
	f.Add("/f?{name}", "/f?x")
	f.Fuzz(func(t *testing.T, base, target string) {
		h := companion(t, "nginx:/p/")
		h.Base = base
		h.Add("a b", File{})
		u, err := url.ParseRequestURI(target)
		if err != nil {
			return
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, &http.Request{Method: "GET", URL: u, RequestURI: target, Header: http.Header{}})
		if got := w.Header().Get("X-Accel-Redirect"); got != "" && got != "/p/a%20b" || (w.Code == 200) != (got != "") {
			t.Errorf("%q of %q: %d, handed off %q", target, base, w.Code, got)
		}
	})
}
