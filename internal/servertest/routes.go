package servertest

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// Routes holds a kind's router to the real server, with the configurations and
// requests of a file. In it "-- NAME" begins a configuration; behind a line
// "====" each line is a request:
//
//	[?]path [host] [handoff that the application answers] [field: value]
//
// "-" is no host, or no handoff. "?" in front: the configuration does not tell,
// and the router must say so. @ADDR@, @IP@ and @PORT@ are what the server
// listens on, @A@ and @B@ applications, @STORE@, @ROOT@ and @WEB@ folders with
// files. ".FOLDER TEXT" among the lines of a configuration is a line of the file
// Beside in web or a folder in it.
type Routes[R interface{ Common() *route.Route }] struct {
	Kind server.Kind
	File string // testdata/…
	// Handoff is the field that the server acts on.
	Handoff string
	// App writes the address of an application; nil: host:port.
	App func(addr string) string
	// Site makes a configuration of the file one to start the server with; nil:
	// as it is.
	Site func(config, addr string) string
	// Beside is the name of configurations that lie in the folders that are
	// served; "" where there are none.
	Beside string
	// Router reads the configuration that was started.
	Router func(t testing.TB, site string, beside []conf.File, files func(string) route.FileKind) server.Router[R]
	// Elsewhere is the status for an upstream that is not there; 0: none is asked.
	Elsewhere int
	// Files are further ones below store/ and root/.
	Files []string
	// Pairs is how many requests there are at least.
	Pairs int
}

type routeCase struct {
	name, config string
	beside       map[string]string // by folder
	requests     []routeRequest
}

type routeRequest struct {
	path, host, handoff string
	field, value        string
	undecided           bool
}

// RouteCorpus calls f with each configuration and request of a file for Routes:
// what fuzzing begins with.
func RouteCorpus(t testing.TB, file string, f func(config, path, host, handoff, beside string)) {
	t.Helper()
	for _, c := range routeCases(t, file) {
		for _, q := range c.requests {
			f(c.config, q.path, q.host, q.handoff, strings.Join(slices.Collect(maps.Values(c.beside)), ""))
		}
	}
}

// routeCases reads a file of configurations and requests.
func routeCases(t testing.TB, file string) (cases []routeCase) {
	t.Helper()
	data, err := os.ReadFile(file)
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
		case strings.HasPrefix(l, "."):
			folder, text, _ := strings.Cut(l[1:], " ")
			c := &cases[len(cases)-1]
			if c.beside == nil {
				c.beside = map[string]string{}
			}
			c.beside[folder] += text + "\n"
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
	app  func(addr string) string
}

func newWorld(t *testing.T, handoff string, more []string, app func(string) string) *world {
	t.Helper()
	names := []string{"store/a.txt", "store/sub/b.txt", "store/subway/c.txt", "store/x.key", "root/index.txt", "storex/a.txt"}
	dir := Tree(t, "", append(names, more...)...)
	w := &world{dir: dir, apps: map[string]string{}, app: app}
	if app == nil {
		w.app = func(addr string) string { return addr }
	}
	for _, name := range []string{"A", "B"} {
		app := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
			if h := r.Header.Get("Test-Handoff"); h != "" {
				rw.Header()[handoff] = []string{h}
			}
			rw.Header().Set("Test-Seen", name+" "+r.RequestURI)
		}))
		t.Cleanup(app.Close)
		w.apps[name] = app.Listener.Addr().String()
	}
	return w
}

func (w *world) render(text, addr string) string {
	ip, port, _ := net.SplitHostPort(addr)
	return strings.NewReplacer("@ADDR@", addr, "@IP@", ip, "@PORT@", port, "@A@", w.app(w.apps["A"]), "@B@", w.app(w.apps["B"]),
		"@STORE@", w.dir+"/store", "@ROOT@", w.dir+"/root", "@WEB@", w.dir+"/web").Replace(text)
}

func (w *world) host(addr string, q routeRequest) string {
	if q.host == "" {
		return addr
	}
	return w.render(q.host, addr)
}

// beside writes the configurations of a case that lie in folders.
func (s Routes[R]) beside(t *testing.T, w *world, c routeCase, addr string) (files []conf.File) {
	t.Helper()
	for folder, text := range c.beside {
		f := conf.File{Path: filepath.Join(w.dir, folder, s.Beside), Text: w.render(text, addr)}
		if err := os.WriteFile(f.Path, []byte(f.Text), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Remove(f.Path) })
		files = append(files, f)
	}
	return files
}

// elsewhere is what stands for an upstream that is none of the applications.
const elsewhere = "proxied elsewhere"

// asks sends a request as it stands and says what came of it.
func (w *world) asks(t *testing.T, addr string, q routeRequest, dead int) string {
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
		return fmt.Sprintf("%d %s", resp.StatusCode, own(resp.Header.Get("Location"), w.host(addr, q)))
	case resp.StatusCode == dead:
		return elsewhere
	}
	return fmt.Sprint(resp.StatusCode)
}

// own is a redirect's target without the host that was asked.
func own(target, host string) string { return strings.TrimPrefix(target, "http://"+host) }

// says is what the router says, in the same words.
func (s Routes[R]) says(w *world, r server.Router[R], addr string, q routeRequest) (string, *route.Route) {
	host := w.host(addr, q)
	routed := r.Route(route.Request{Host: host, Addr: addr, URI: q.path, Client: netip.MustParseAddr("127.0.0.1"), Header: http.Header{q.field: {q.value}}})
	t := routed.Common()
	seen := ""
	if u := t.Upstream; u != nil && t.Outcome == route.Proxied {
		name := "?"
		for n, a := range w.apps {
			if len(u.Peers) > 0 && u.Peers[0].Addr == a {
				name = n
			}
		}
		if name == "?" && s.Elsewhere != 0 {
			return elsewhere, t
		}
		seen = name + " " + u.URI
	}
	if q.handoff != "" && t.Outcome == route.Proxied {
		t = r.Handoff(routed, route.Handoff{Value: w.render(q.handoff, addr)}).Common()
	}
	switch t.Outcome {
	case route.Proxied:
		return "proxied " + seen, t
	case route.Ignored:
		return "ignored " + seen, t
	case route.File:
		return strings.TrimSpace("file " + t.File + " " + seen), t
	case route.Returned:
		if t.Status < 400 {
			return fmt.Sprintf("%d %s", t.Status, own(t.Text, host)), t
		}
	case route.Undecided:
		return "undecided", t
	}
	return fmt.Sprint(t.Status), t
}

// Run compares the router with the server.
func (s Routes[R]) Run(t *testing.T) {
	binary := need.Server(t, s.Kind.Program)
	w := newWorld(t, s.Handoff, s.Files, s.App)
	pairs := 0
	cases := routeCases(t, s.File)
	for _, c := range cases {
		pairs += len(c.requests)
		t.Run(c.name, func(t *testing.T) {
			site := ""
			p, err := s.Kind.Launch(context.Background(), server.LaunchOptions{Binary: binary, Site: func(addr string) string {
				site = w.render(c.config, addr)
				if s.Site != nil {
					site = s.Site(site, addr)
				}
				return site
			}})
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = p.Stop() }()
			r := s.Router(t, site, s.beside(t, w, c, p.Addr()), Look)
			for _, q := range c.requests {
				want := w.asks(t, p.Addr(), q, s.Elsewhere)
				got, way := s.says(w, r, p.Addr(), q)
				if q.undecided {
					want = "undecided"
				}
				if got != want {
					t.Errorf("%s (%s) %s\n%s: %s\nwe say: %s", q.path, q.host, q.handoff, s.Kind.Title, want, got)
					for _, step := range way.Steps {
						d := ""
						if step.Directive != nil {
							d = step.Directive.String()
						}
						t.Logf("  %s: %s [%s]", step.Kind, step.Text, d)
					}
				}
			}
		})
	}
	if pairs < s.Pairs {
		t.Errorf("only %d pairs", pairs)
	}
	t.Logf("%d configurations, %d pairs", len(cases), pairs)
}
