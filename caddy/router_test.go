package caddy

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
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/internal/servertest"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// ask is one request of a comparison: METHOD, a Host, the target, what the
// backend hands off and with which status, and whether the router is to leave
// the answer open.
type ask struct {
	method, host, uri, handoff string
	status                     int
	undecided                  bool
}

// parseAsk reads "[METHOD] [host=NAME] /target [=> handoff] [status=N] [?]".
func parseAsk(line string) ask {
	a := ask{method: "GET", status: 200}
	words := strings.Split(line, " ")
	for i := 0; i < len(words); i++ {
		switch w := words[i]; {
		case strings.HasPrefix(w, "host="):
			a.host = w[5:]
		case strings.HasPrefix(w, "status="):
			a.status, _ = strconv.Atoi(w[7:])
		case w == "=>":
			i++
			a.handoff = strings.ReplaceAll(words[i], "␣", " ")
		case w == "?":
			a.undecided = true
		case strings.HasPrefix(w, "/"):
			a.uri = w
		default:
			a.method = w
		}
	}
	return a
}

// seen is what an answer shows of where a request went.
type seen struct {
	Status int
	Result string // UPSTREAM target, FILE path, TO location, or the body
}

// tree makes the files of the comparisons.
func tree(t testing.TB) string {
	t.Helper()
	return servertest.Tree(t, "FILE ",
		"media/a.txt", "media/a b.txt", "media/100%25.txt", "media/100%.txt", "media/é.txt", "media/sub/b.txt", "media/sub/index.html",
		"media/protected/kept.txt", "media/dl/asked.txt", "media/index.html", "media/.hidden", "other/a.txt", "pages/index.html", "pages/404.html",
	)
}

// backend answers with what it is asked for, and hands off what it is told to.
func backend(t testing.TB) string {
	t.Helper()
	b := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if v := r.Header.Get("X-Test-Handoff"); v != "" {
			w.Header().Set("X-Accel-Redirect", v)
		}
		status, err := strconv.Atoi(r.Header.Get("X-Test-Status"))
		if err != nil {
			status = 200
		}
		w.WriteHeader(status)
		fmt.Fprintf(w, "UPSTREAM %s", r.RequestURI)
	}))
	t.Cleanup(b.Close)
	return b.Listener.Addr().String()
}

// answer asks the real Caddy.
func answer(t testing.TB, addr string, a ask) seen {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	host := addr
	if a.host != "" {
		host = a.host
	}
	fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n", a.method, a.uri, host)
	if a.handoff != "" {
		fmt.Fprintf(conn, "X-Test-Handoff: %s\r\nX-Test-Status: %d\r\n", a.handoff, a.status)
	}
	if a.method == http.MethodPost {
		fmt.Fprint(conn, "Content-Length: 0\r\n")
	}
	fmt.Fprint(conn, "\r\n")
	resp, err := http.ReadResponse(bufio.NewReader(conn), &http.Request{Method: a.method})
	if err != nil {
		return seen{Result: "no answer"}
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body) // intercept keeps the backend's length, which a shorter answer does not have
	s := seen{Status: resp.StatusCode, Result: string(body)}
	if to := resp.Header.Get("Location"); to != "" {
		s.Result = "TO " + to
	}
	return s
}

// expected is what the router says of it.
func expected(r *Router, addr string, a ask) (seen, *Passage) {
	q := route.Request{Method: a.method, Host: addr, Addr: addr, URI: a.uri, Client: netip.MustParseAddr("127.0.0.1"), Header: http.Header{}}
	if a.host != "" {
		q.Host = a.host
	}
	t := r.Route(q)
	var s seen
	asked := ""
	if t.Outcome == route.Proxied {
		asked = "UPSTREAM " + t.Upstream.URI
		s = seen{Status: 200, Result: asked}
		if a.handoff == "" {
			return s, t
		}
		t = r.Handoff(t, route.Handoff{Value: a.handoff, Status: a.status, Header: http.Header{"X-Accel-Redirect": {a.handoff}}})
	}
	s = seen{Status: t.Status}
	switch t.Outcome {
	case route.Proxied:
		s = seen{200, "UPSTREAM " + t.Upstream.URI}
	case route.File:
		s.Result = "FILE " + t.File
		if s.Status == 0 {
			s.Status = 200
		}
	case route.Returned:
		s.Result = t.Text
		if t.Status/100 == 3 {
			s.Result = "TO " + t.Text
		}
		if t.Status == 0 {
			s.Result = "no answer"
		}
	case route.Ignored:
		s = seen{a.status, asked}
	}
	return s, t
}

func describe(t *Passage) string {
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

// against compares the router with Caddy for one site.
func against(t testing.TB, site, root, app string, asks []ask, o RouterOptions) int {
	t.Helper()
	binary := need.Server(t, program)
	if o.Decodes {
		binary = os.Getenv("PROXYDIAG_CADDY_LATER")
	}
	p, err := Launch(context.Background(), server.LaunchOptions{Binary: binary, Site: func(addr string) string {
		return strings.NewReplacer("LISTEN", addr, "PORT", addr[strings.LastIndexByte(addr, 58)+1:], "BACKEND", app, "ROOT", root).Replace(site)
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Stop() })
	var source conf.Source
	if source, err = Load(filepath.Dir(p.ErrorLog()), LoadOptions{}); err != nil {
		t.Fatal(err)
	}
	c, err := Parse(source)
	if err != nil {
		t.Fatal(err)
	}
	o.Files = servertest.Look
	r := NewRouter(c, o)
	for _, a := range asks {
		want := answer(t, p.Addr(), a)
		got, way := expected(r, p.Addr(), a)
		if a.method == "HEAD" && !strings.HasPrefix(want.Result, "TO ") {
			got.Result, want.Result = "", ""
		}
		if a.undecided != (way.Outcome == route.Undecided) {
			t.Errorf("%+v: %s, undecided: %q\n%s", a, way.Outcome, way.Undecided, describe(way))
			continue
		}
		if d := cmp.Diff(want, got); d != "" && !a.undecided {
			t.Errorf("%+v (-Caddy +router):\n%s%s", a, d, describe(way))
		}
	}
	_ = p.Stop()
	return len(asks)
}

// TestRouteAsCaddy compares the router with the real Caddy on every URL of
// testdata/route.txtar.
func TestRouteAsCaddy(t *testing.T) { routeAs(t, "route.txtar", RouterOptions{}) }

// TestRouteAsLaterCaddy does so with a Caddy of 2.8 or later, where one is
// named in PROXYDIAG_CADDY_LATER: Debian 12 has none.
func TestRouteAsLaterCaddy(t *testing.T) {
	if os.Getenv("PROXYDIAG_CADDY_LATER") == "" {
		t.Skip("PROXYDIAG_CADDY_LATER names no Caddy of 2.8 or later")
	}
	routeAs(t, "later.txtar", RouterOptions{Decodes: true})
}

func routeAs(t *testing.T, file string, o RouterOptions) {
	root, app := tree(t), backend(t)
	pairs := 0
	for _, c := range servertest.AskedCorpus(t, filepath.Join("testdata", file)) {
		t.Run(c.Name, func(t *testing.T) {
			var asks []ask
			for _, line := range c.Lines {
				asks = append(asks, parseAsk(line))
			}
			pairs += against(t, c.Config, root, app, asks, o)
		})
	}
	t.Logf("%d pairs", pairs)
}
