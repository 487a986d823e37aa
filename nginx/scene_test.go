package nginx

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// scene is a run written by hand: what is different from a healthy one, where
// the backend at 127.0.0.1:8000 hands off to /protected/ and the storage is
// /srv/media.
type scene struct {
	// http is what stands in the http block. A line that ends with "# here" is
	// the place that a finding must have.
	http   string
	server string // what stands in the one server block, where http is empty
	top    string // what stands above the http block

	value   string         // of X-Accel-Redirect; "": /protected/ and the file's name
	backend compare.Header // what the backend sends besides
	status  int            // of the proxy's answer; 0: the file comes
	body    string         // of another answer than the file
	proxy   compare.Header // what the proxy sends besides
	unseen  bool           // the backend saw nothing of the request
	silent  bool           // the proxy does not answer
	cut     int64          // this much of the file comes, its beginning; 0: all of it
	own     bool           // the backend is the user's own
	host    string         // that is asked for; "": localhost:8080
	remote  string         // the address that is connected to; "": not known
	log     []string       // lines of the error log; %s is the file's name
	paths   []diag.Path    // besides the stored file's
	link    string         // a link to the storage
	more    []diag.Exchange
	seen    string // the path that the backend was asked for
	request string // the field Authorization that is sent
}

const sceneFile = "proxydiag-main-1.bin"

// location is the healthy server, to which a scene adds.
const (
	download  = "location /dl/ { proxy_pass http://127.0.0.1:8000; }\n"
	protected = "location /protected/ { internal; alias /srv/media/; }\n"
)

func (s scene) record() *diag.Record {
	http := s.http
	if http == "" {
		http = "server {\nlisten 8080;\n" + s.server + "\n}"
	}
	text := s.top + "events {}\nhttp {\n" + http + "\n}\n"
	rec := &diag.Record{
		Stack: diag.Stack{
			Storage: "/srv/media", Sendfile: "nginx:/protected/", Companion: !s.own,
			Backend: "http://127.0.0.1:8000/dl/", Proxy: "http://localhost:8080/dl/",
		},
		Config: &diag.Config{Kind: kindName, Source: conf.Source{Roots: []string{"nginx.conf"}, Files: []conf.File{{Path: "nginx.conf", Text: text}}}},
		Fixtures: []diag.FixtureRecord{
			{Put: diag.Put{Role: diag.RoleMain, Size: 1600}, Name: sceneFile, Path: "/srv/media/" + sceneFile, FirstWrong: -1},
			{Put: diag.Put{Role: "dot", Lead: "."}, Name: ".proxydiag-dot-1.bin", FirstWrong: -1},
			{Put: diag.Put{Role: "pdf"}, Name: "proxydiag-pdf-1.pdf", Path: "/srv/media/proxydiag-pdf-1.pdf", FirstWrong: -1},
			{Put: diag.Put{Role: "name-space"}, Name: "a b.bin", FirstWrong: -1},
		},
		Users: []diag.User{{Name: "www-data", UID: 33, GIDs: []int{33}}},
	}
	for _, dir := range []string{"/", "/srv", "/srv/media"} {
		rec.Paths = append(rec.Paths, folderAt(dir, 0o755))
	}
	rec.Paths = append(rec.Paths, diag.Path{Path: "/srv/media/" + sceneFile, Mode: 0o644})
	if s.link != "" {
		rec.Paths = append(rec.Paths, diag.Path{Path: s.link, Mode: fs.ModeSymlink | 0o777, Target: "/srv/media"})
	}
	for _, p := range s.paths {
		rec.Paths = slices.DeleteFunc(rec.Paths, func(q diag.Path) bool { return q.Path == p.Path })
		rec.Paths = append(rec.Paths, p)
	}
	if s.log != nil {
		rec.Log = &diag.Log{Path: "error.log"}
		for _, line := range s.log {
			rec.Log.Lines = append(rec.Log.Lines, "2026/11/21 03:04:05 [error] 12#12: *3 "+fmt.Sprintf(line, sceneFile)+
				`, client: 127.0.0.1, server: _, request: "GET /dl/`+sceneFile+` HTTP/1.1", host: "localhost"`)
		}
	}
	rec.Exchanges = append([]diag.Exchange{s.backendGet(), s.proxyGet()}, s.more...)
	return rec
}

func (s scene) backendGet() diag.Exchange {
	if s.value == "" {
		s.value = "/protected/" + sceneFile
	}
	x := exchange(diag.BackendGet, 200, "")
	x.Request.URL = "http://127.0.0.1:8000/dl/" + sceneFile
	x.Header = append(compare.Header{{Name: header, Value: s.value}}, s.backend...)
	return x
}

func (s scene) proxyGet() diag.Exchange {
	if s.host == "" {
		s.host = "localhost:8080"
	}
	x := exchange(diag.ProxyGet, s.status, s.body)
	switch {
	case s.silent:
		x = diag.Exchange{Probe: x.Probe, Exchange: compare.Exchange{Request: x.Request, Failure: &compare.Failure{Kind: compare.Reset, Message: "the connection was closed"}}}
	case s.cut > 0:
		x.Status, x.Body.Length, x.Body.Match = 200, s.cut, compare.Prefix
	case s.status == 0:
		x.Status, x.Body.Length, x.Body.Match = 200, 1600, compare.Equal
	}
	x.Request.Host, x.Remote, x.Header = s.host, s.remote, s.proxy
	if s.request != "" {
		x.Request.Header = compare.Header{{Name: "Authorization", Value: s.request}}
	}
	if !s.unseen {
		if s.seen == "" {
			s.seen = "/dl/" + sceneFile
		}
		x.Seen = []sendfile.Seen{{Method: "GET", Path: s.seen, Status: 200}}
	}
	return x
}

// exchange is a GET on the proxy's port and its answer.
func exchange(id string, status int, body string) diag.Exchange {
	x := diag.Exchange{Probe: diag.Probe{ID: id, Port: diag.Proxy, Method: "GET", Role: diag.RoleMain}}
	x.Request = compare.Sent{Method: "GET", URL: "http://localhost:8080/dl/" + sceneFile, Host: "localhost:8080"}
	x.Status, x.StatusLine = status, fmt.Sprintf("HTTP/1.1 %d", status)
	x.Body = compare.Body{Length: int64(len(body)), Sample: []byte(body), Match: compare.Empty}
	if body != "" {
		x.Body.Match = compare.Differs
	}
	return x
}

func folderAt(path string, mode fs.FileMode) diag.Path {
	return diag.Path{Path: path, Mode: fs.ModeDir | mode}
}

func viewOf(rec *diag.Record) *diag.View { return diag.NewView(rec.Stack, rec) }

// found judges a scene by one rule.
func (s scene) judged(t *testing.T, code string) []diag.Finding {
	t.Helper()
	for _, r := range rules() {
		if r.Code == code {
			return r.Judge(viewOf(s.record()))
		}
	}
	t.Fatalf("no rule has the code %s", code)
	return nil
}

// here is the line of the configuration that is marked, 0 for none.
func here(rec *diag.Record) int {
	for i, line := range strings.Split(rec.Config.Source.Files[0].Text, "\n") {
		if strings.HasSuffix(line, "# here") {
			return i + 1
		}
	}
	return 0
}
