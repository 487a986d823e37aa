package apache

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
	access       map[string]string // .htaccess files by their folders in the world
	requests     []routeRequest
}

type routeRequest struct {
	path, host, handoff string
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
			words := append(strings.Fields(l), "", "", "")
			q := routeRequest{path: words[0], host: words[1], handoff: words[2], undecided: undecided}
			if q.host == "-" {
				q.host = ""
			}
			c.requests = append(c.requests, q)
		case strings.HasPrefix(l, "."): // ".web RewriteEngine On" is a line of web/.htaccess
			folder, text, _ := strings.Cut(l[1:], " ")
			c := &cases[len(cases)-1]
			if c.access == nil {
				c.access = map[string]string{}
			}
			c.access[folder] += text + "\n"
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
	dir, err := os.MkdirTemp("", "proxydiag-routed-") //nolint:usetesting // its parents are closed to other users
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	w := &world{dir: dir, apps: map[string]string{}}
	for _, name := range []string{"store/a.txt", "store/sub/b.txt", "store/subway/c.txt", "store/x.key", "store/secret/s.txt", "root/index.txt", "storex/a.txt", "web/a.txt", "web/in/b.txt", "web/in/deep/c.txt", "web/bad/d.txt", "web/off/e.txt"} {
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
	ip, port, _ := net.SplitHostPort(addr)
	return strings.NewReplacer("@ADDR@", addr, "@IP@", ip, "@PORT@", port, "@A@", w.apps["A"], "@B@", w.apps["B"], "@STORE@", w.dir+"/store", "@ROOT@", w.dir+"/root", "@WEB@", w.dir+"/web").Replace(config)
}

// asks sends a request as it stands and says what came of it.
func (w *world) asks(t *testing.T, addr string, q routeRequest) string {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	host := q.host
	if host == "" {
		host = addr
	}
	extra := ""
	if q.handoff != "" {
		extra = "Test-Handoff: " + w.render(q.handoff, addr) + "\r\n"
	}
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n%sConnection: close\r\n\r\n", strings.ReplaceAll(q.path, " ", "%20"), host, extra)
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
	}
	return fmt.Sprint(resp.StatusCode)
}

// says is what the router says, in the same words.
func (w *world) says(r *Router, addr string, q routeRequest) (string, *Route) {
	host := q.host
	if host == "" {
		host = addr
	}
	routed := r.Route(route.Request{Host: host, Addr: addr, URI: q.path, Client: netip.MustParseAddr("127.0.0.1")})
	seen := ""
	if u := routed.Upstream; u != nil && routed.Outcome == route.Proxied {
		name := "?"
		for n, a := range w.apps {
			if len(u.Peers) > 0 && u.Peers[0].Addr == a {
				name = n
			}
		}
		seen = name + " " + u.URI
	}
	if q.handoff != "" && routed.Outcome == route.Proxied {
		routed = r.Handoff(routed, route.Handoff{Value: w.render(q.handoff, addr)})
	}
	switch routed.Outcome {
	case route.Proxied:
		return "proxied " + seen, routed
	case route.Ignored:
		return "ignored " + seen, routed
	case route.File:
		return strings.TrimSpace("file " + routed.File + " " + seen), routed
	case route.Returned:
		if routed.Status < 400 {
			to := routed.Text
			if strings.HasPrefix(to, "/") {
				to = "http://" + host + to
			}
			return fmt.Sprintf("%d %s", routed.Status, to), routed
		}
	case route.Undecided:
		return "undecided", routed
	}
	return fmt.Sprint(routed.Status), routed
}

// access writes the .htaccess files of a case, and returns them.
func (w *world) access(t *testing.T, c routeCase, addr string) (files []conf.File) {
	t.Helper()
	for folder, text := range c.access {
		f := conf.File{Path: filepath.Join(w.dir, folder, accessFile), Text: w.render(text, addr)}
		if err := os.WriteFile(f.Path, []byte(f.Text), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Remove(f.Path) })
		files = append(files, f)
	}
	return files
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
func siteConfig(t testing.TB, site string, more ...conf.File) *Config {
	t.Helper()
	modules, err := modulesFolder()
	if err != nil {
		t.Fatal(err)
	}
	s := conf.Source{Roots: []string{"/etc/" + mainFile}, Files: []conf.File{
		{Path: "/etc/" + mainFile, Text: around("/etc", modules)}, {Path: "/etc/" + siteFile, Text: site},
	}}
	s.Files = append(s.Files, more...)
	c, err := Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRoutesAsApacheDoes(t *testing.T) {
	binary := need.Server(t, program)
	w := newWorld(t)
	pairs := 0
	cases := routeCases(t)
	for _, c := range cases {
		pairs += len(c.requests)
		t.Run(c.name, func(t *testing.T) {
			site := ""
			p, err := Launch(context.Background(), server.LaunchOptions{Binary: binary, Site: func(addr string) string {
				site = "Listen " + addr + "\n" + w.render(c.config, addr)
				return site
			}})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = p.Stop() }()
			r := NewRouter(siteConfig(t, site, w.access(t, c, p.Addr())...), RouterOptions{Files: w.files})
			for _, q := range c.requests {
				want := w.asks(t, p.Addr(), q)
				got, routed := w.says(r, p.Addr(), q)
				if q.undecided {
					want = "undecided"
				}
				if got != want {
					t.Errorf("%s (%s) %s\nApache: %s\nwe say: %s", q.path, q.host, q.handoff, want, got)
					for _, s := range routed.Steps {
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
