package nginx

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
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/internal/servertest"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// ask is one question to nginx, and to the router.
type ask struct {
	method, host, uri string
	handoff           string // what the backend answers to URIs under /dl
	addr              string // where to connect to; "" is LISTEN
	undecided         bool   // the router must say that it does not know
}

// parseAsk reads "METHOD HOST URI [=> VALUE]"; "?" before it says that the
// configuration does not tell. The host "-" is none; an address after "@" is
// where to connect to.
func parseAsk(line string) ask {
	var a ask
	line, a.undecided = strings.CutPrefix(line, "? ")
	line, a.handoff, _ = strings.Cut(line, " => ")
	f := strings.SplitN(line, " ", 3)
	a.method, a.host, a.uri = f[0], f[1], f[2]
	a.host, a.addr, _ = strings.Cut(a.host, "@")
	if a.host == "-" {
		a.host = ""
	}
	return a
}

// seen is what both say.
type seen struct {
	Status   int
	Location string // the line of the location block, "server" for none
	Result   string // the file, the upstream's URI, the redirect's target, or the text
}

// tree makes the files of the comparisons.
func tree(t testing.TB) string {
	t.Helper()
	return servertest.Tree(t, "FILE ",
		"a.txt", "index.html", "sub/b.txt", "sub/index.html", "sp ace.txt", "größe.txt", "per%cent.txt", "quest?ion.txt",
		"images/x.png", "images/x.JPG", "protected/a.txt", "media/a.txt", "media/deep/er/b.txt", "media/sp ace.txt",
		"mediaa.txt", "404.html", "dir.txt/index.html", "empty/.keep", "a/b/c.txt", "a/b.txt", "b/c.txt", "b.txt",
	)
}

// backend echoes the request target. It hands off what a request under /dl asks it to.
func backend(t testing.TB) string {
	t.Helper()
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if h := r.Header.Get("X-Test-Handoff"); h != "" && strings.HasPrefix(r.RequestURI, "/dl") {
			w.Header().Set("X-Accel-Redirect", h)
			return
		}
		fmt.Fprintf(w, "UPSTREAM %s", r.RequestURI)
	}))
	t.Cleanup(srv.Close)
	return strings.TrimPrefix(srv.URL, "http://")
}

// marked returns a site in which every location names itself in a header.
func marked(t testing.TB, site string) (text string, c *Config) {
	t.Helper()
	source := conf.Source{Roots: []string{"site.conf"}, Files: []conf.File{{Path: "site.conf", Text: site}}}
	c, err := Parse(source)
	if err != nil {
		t.Fatalf("%v in\n%s", err, site)
	}
	lines := strings.SplitAfter(site, "\n")
	at := map[conf.Pos]string{}
	c.HTTP.Walk(func(d *conf.Directive) bool {
		if d.Name == "location" || d.Name == "server" && d.IsBlock {
			at[d.End] = markOf(d)
		}
		return true
	})
	places := slices.SortedFunc(maps.Keys(at), func(a, b conf.Pos) int { return 10000*(b.Line-a.Line) + b.Column - a.Column })
	for _, p := range places {
		l := lines[p.Line-1]
		lines[p.Line-1] = l[:p.Column-1] + " add_header X-Loc " + at[p] + " always; " + l[p.Column-1:]
	}
	return strings.Join(lines, ""), c
}

func markOf(d *conf.Directive) string {
	if d.Name == "server" {
		return fmt.Sprintf("server-%d", d.Pos.Line)
	}
	return fmt.Sprintf("%d:%d", d.Pos.Line, d.Pos.Column)
}

// answer asks nginx.
func answer(t testing.TB, addr string, a ask) seen {
	t.Helper()
	network := "tcp"
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		network, addr = "unix", path
	}
	conn, err := net.Dial(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	version, host := "1.1", "Host: "+a.host+"\r\n"
	if a.host == "" {
		version, host = "1.0", ""
	}
	handoff := ""
	if a.handoff != "" {
		handoff = "X-Test-Handoff: " + a.handoff + "\r\n"
	}
	fmt.Fprintf(conn, "%s %s HTTP/%s\r\n%s%sConnection: close\r\n\r\n", a.method, a.uri, version, host, handoff)
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: a.method})
	if err != nil {
		t.Fatalf("%v: %v", a, err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	s := seen{Status: resp.StatusCode, Location: resp.Header.Get("X-Loc"), Result: string(body)}
	if target := resp.Header.Get("Location"); target != "" && isRedirect(s.Status) {
		s.Result = "TO " + withoutOwn(target, addr)
	} else if strings.HasPrefix(s.Result, "<html>") {
		s.Result = ""
	}
	return s
}

// withoutOwn removes nginx's own scheme, host and port from a redirect.
func withoutOwn(target, addr string) string {
	u, err := url.Parse(target)
	if err == nil && u.Port() != "" && strings.HasSuffix(addr, ":"+u.Port()) {
		return target[len(u.Scheme)+3+len(u.Host):]
	}
	return target
}

// expected asks the router.
func expected(r *Router, addr string, a ask) (seen, *Route) {
	q := route.Request{Method: a.method, Host: a.host, Addr: addr, URI: a.uri, Client: netip.MustParseAddr("127.0.0.1")}
	if a.handoff != "" {
		q.Header = http.Header{"X-Test-Handoff": {a.handoff}}
	}
	t := r.Route(q)
	if t.Outcome == route.Proxied && a.handoff != "" && strings.HasPrefix(t.Upstream.URI, "/dl") {
		t = r.Handoff(t, route.Handoff{Value: a.handoff})
		for n := 0; t.Outcome == route.Proxied && strings.HasPrefix(t.Upstream.URI, "/dl") && n < 20; n++ {
			t = r.Handoff(t, route.Handoff{Value: a.handoff})
		}
	}
	var s seen
	s.Status = t.Status
	switch t.Outcome {
	case route.Proxied:
		s.Result = "UPSTREAM " + t.Upstream.URI
		if s.Status == 0 {
			s.Status = 200
		}
	case route.File:
		s.Result = "FILE " + filepath.Clean(t.File)
	case route.Returned:
		s.Result = t.Text
		if isRedirect(t.Status) {
			s.Result = strings.TrimRight("TO "+withoutOwn(t.Text, addr), " ")
		} else if t.Status >= 300 && t.Text == "" {
			s.Result = ""
		}
	case route.Ignored:
		s.Status = 200
	}
	if t.Server != nil {
		s.Location = markOf(t.Server)
	}
	if t.Location != nil {
		s.Location = markOf(t.Location)
	}
	return s, t
}

func describe(t *Route) string {
	var b strings.Builder
	for _, s := range t.Steps {
		place := ""
		if s.Directive != nil {
			place = fmt.Sprintf("%s: %s", s.Directive.Pos, s.Directive)
		}
		fmt.Fprintf(&b, "  %-10s %s: %s → %s\n", s.Kind, place, s.Text, s.URI)
	}
	return b.String()
}

// against compares the router with nginx for one site.
func against(t testing.TB, site, root, app string, asks []ask, refused func(error)) int {
	t.Helper()
	text := ""
	var c *Config
	socket, other := filepath.Join(t.TempDir(), "s"), freePort(t)
	put := func(addr string) *strings.Replacer {
		return strings.NewReplacer("LISTEN", addr, "BACKEND", app, "ROOT", root, "SOCKET", "unix:"+socket, "OTHER", other)
	}
	p, err := Launch(context.Background(), server.LaunchOptions{
		Binary: need.Server(t, "nginx"),
		Site: func(addr string) string {
			text, c = marked(t, put(addr).Replace(site))
			return text
		},
	})
	if err != nil {
		refused(err)
		return 0
	}
	t.Cleanup(func() { _ = p.Stop() })
	r := NewRouter(c, RouterOptions{Files: servertest.Look, Prefix: "/nonexistent"})
	for _, a := range asks {
		addr := p.Addr()
		if a.addr != "" {
			addr = put(addr).Replace(a.addr)
		}
		want := answer(t, addr, a)
		got, routed := expected(r, addr, a)
		if a.method == "HEAD" && !strings.HasPrefix(want.Result, "TO ") {
			got.Result, want.Result = "", ""
		}
		if want.Status == 400 || routed.Server == nil {
			got.Location, want.Location, want.Result = "", "", ""
		}
		if strings.Contains(routed.Undecided, "changes the captures") {
			continue // what happens depends on nginx's patches
		}
		if a.undecided != (routed.Outcome == route.Undecided) {
			t.Errorf("%+v: undecided: %q\n%s", a, routed.Undecided, describe(routed))
			continue
		}
		if d := cmp.Diff(want, got); d != "" && !a.undecided {
			t.Errorf("%+v (-nginx +router):\n%s%s", a, d, describe(routed))
		}
	}
	_ = p.Stop()
	return len(asks)
}

// freePort returns a port that nothing listens on at the moment.
func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func TestRouteAsNginx(t *testing.T) {
	root, app := tree(t), backend(t)
	pairs := 0
	for _, c := range servertest.AskedCorpus(t, filepath.Join("testdata", "route.txtar")) {
		t.Run(c.Name, func(t *testing.T) {
			var asks []ask
			for _, line := range c.Lines {
				asks = append(asks, parseAsk(line))
			}
			pairs += against(t, c.Config, root, app, asks, func(err error) { t.Fatal(err) })
		})
	}
	t.Logf("%d pairs", pairs)
}
