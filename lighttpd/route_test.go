package lighttpd

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// routeCase is a configuration with requests.
type routeCase struct {
	name, config string
	requests     []routeRequest
}

type routeRequest struct {
	path, host, handoff string
	field, value        string
	undecided           bool
}

func routeCases(t testing.TB) (cases []routeCase) {
	t.Helper()
	data, err := os.ReadFile("testdata/route.txtar")
	if err != nil {
		t.Fatal(err)
	}
	requests := false
	for l := range strings.Lines(string(data)) {
		l = strings.TrimSuffix(l, "\n")
		switch name, ok := strings.CutPrefix(l, "-- "); {
		case ok:
			cases, requests = append(cases, routeCase{name: name}), false
		case len(cases) == 0:
		case l == "====":
			requests = true
		case requests:
			c := &cases[len(cases)-1]
			l, undecided := strings.CutPrefix(l, "?")
			words := append(strings.SplitN(l, " ", 4), "", "", "")
			q := routeRequest{path: words[0], host: words[1], handoff: words[2], undecided: undecided}
			q.field, q.value, _ = strings.Cut(words[3], ": ")
			for _, w := range []*string{&q.host, &q.handoff} {
				if *w == "-" {
					*w = ""
				}
			}
			c.requests = append(c.requests, q)
		default:
			cases[len(cases)-1].config += l + "\n"
		}
	}
	return cases
}

// world is what configurations refer to: folders with files whose content is
// their own path, and applications that say what they were asked for.
type world struct {
	dir  string
	apps map[string]string // address by name
}

func newWorld(t *testing.T) *world {
	t.Helper()
	dir, err := os.MkdirTemp("", "proxydiag-route-") //nolint:usetesting // its parents are closed to other users
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	w := &world{dir: dir, apps: map[string]string{}}
	for _, name := range []string{"store/a.txt", "store/sub/b.txt", "store/subway/c.txt", "store/x.key", "store/g/a.txt", "root/index.txt", "storex/a.txt"} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(file), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"A", "B"} {
		app := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if h := r.Header.Get("Test-Handoff"); h != "" {
				rw.Header()["X-Sendfile"] = []string{h}
			}
			rw.Header().Set("Test-Seen", name+" "+r.RequestURI)
		}))
		t.Cleanup(app.Close)
		w.apps[name] = app.Listener.Addr().String()
	}
	return w
}

func (w *world) render(config, addr string) string {
	_, port, _ := net.SplitHostPort(addr)
	app := func(name string) string {
		host, port, _ := net.SplitHostPort(w.apps[name])
		return fmt.Sprintf("\"host\" => %q, \"port\" => %s", host, port)
	}
	return strings.NewReplacer("@ADDR@", addr, "@PORT@", port, "@A@", app("A"), "@B@", app("B"), "@STORE@", w.dir+"/store", "@ROOT@", w.dir+"/root").Replace(config)
}

// asks sends a request as it stands and says what came of it.
func (w *world) asks(t *testing.T, addr string, q routeRequest) string {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	extra := ""
	if q.handoff != "" {
		extra = "Test-Handoff: " + w.render(q.handoff, addr) + "\r\n"
	}
	if q.field != "" {
		extra += q.field + ": " + q.value + "\r\n"
	}
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n%sConnection: close\r\n\r\n", q.path, w.host(addr, q), extra)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	seen := resp.Header.Get("Test-Seen")
	switch {
	case strings.HasPrefix(string(body), w.dir):
		return strings.TrimSpace("file " + string(body) + " " + seen)
	case resp.StatusCode == 200 && q.handoff != "":
		return "ignored " + seen
	case resp.StatusCode == 200:
		return "proxied " + seen
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return fmt.Sprintf("%d %s", resp.StatusCode, resp.Header.Get("Location"))
	case resp.StatusCode == 503:
		return "proxied elsewhere"
	}
	return fmt.Sprint(resp.StatusCode)
}

func (w *world) host(addr string, q routeRequest) string {
	if q.host == "" {
		return addr
	}
	return w.render(q.host, addr)
}

// says is what the router says, in the same words.
func (w *world) says(r *Router, addr string, q routeRequest) (string, *Route) {
	t := r.Route(route.Request{Host: w.host(addr, q), Addr: addr, URI: q.path, Client: netip.MustParseAddr("127.0.0.1"), Header: http.Header{q.field: {q.value}}})
	seen := ""
	if u := t.Upstream; u != nil && t.Outcome == route.Proxied {
		name := "?"
		for n, a := range w.apps {
			if len(u.Peers) > 0 && u.Peers[0].Addr == a {
				name = n
			}
		}
		if name == "?" {
			return "proxied elsewhere", t
		}
		seen = name + " " + u.URI
	}
	if q.handoff != "" && t.Outcome == route.Proxied {
		t = r.Handoff(t, route.Handoff{Value: w.render(q.handoff, addr)})
	}
	switch t.Outcome {
	case route.Proxied:
		return "proxied " + seen, t
	case route.Ignored:
		return "ignored " + seen, t
	case route.File:
		return strings.TrimSpace("file " + t.File + " " + seen), t
	case route.Returned:
		return fmt.Sprintf("%d %s", t.Status, t.Text), t
	case route.Undecided:
		return "undecided", t
	}
	return fmt.Sprint(t.Status), t
}

func (w *world) files(name string) route.FileKind {
	info, err := os.Stat(name)
	switch {
	case err != nil:
		return route.FileMissing
	case info.IsDir():
		return route.FileFolder
	}
	return route.FileRegular
}

// siteConfig is the configuration that Launch starts with a site.
func siteConfig(t testing.TB, site string) *Config {
	t.Helper()
	s := conf.Source{Roots: []string{"/etc/" + mainFile}, Files: []conf.File{
		{Path: "/etc/" + mainFile, Text: around("/etc", "", "")}, {Path: "/etc/" + siteFile, Text: site},
	}}
	c, err := Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRoutesAsLighttpdDoes(t *testing.T) {
	binary := need.Server(t, program)
	w := newWorld(t)
	pairs := 0
	cases := routeCases(t)
	for _, c := range cases {
		pairs += len(c.requests)
		t.Run(c.name, func(t *testing.T) {
			site := ""
			p, err := Launch(context.Background(), server.LaunchOptions{Binary: binary, Site: func(addr string) string {
				site = w.render(c.config, addr)
				return site
			}})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = p.Stop() }()
			r := NewRouter(siteConfig(t, site), RouterOptions{Files: w.files})
			for _, q := range c.requests {
				want := w.asks(t, p.Addr(), q)
				got, way := w.says(r, p.Addr(), q)
				if q.undecided {
					want = "undecided"
				}
				if got != want {
					t.Errorf("%s (%s) %s\nlighttpd: %s\nwe say: %s", q.path, q.host, q.handoff, want, got)
					for _, s := range way.Steps {
						d := ""
						if s.Directive != nil {
							d = s.Directive.String()
						}
						t.Logf("  %s: %s [%s]", s.Kind, s.Text, d)
					}
				}
			}
		})
	}
	if pairs < 60 {
		t.Errorf("only %d pairs", pairs)
	}
	t.Logf("%d configurations, %d pairs", len(cases), pairs)
}
