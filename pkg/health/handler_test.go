package health

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"errors"
	"html/template"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// some is a registry with a check in each state; all were run but the last.
func some(t *testing.T) *Registry {
	t.Helper()
	r, _ := watched(t,
		Check{Name: "site", Kind: "http", Critical: true, Observe: func(context.Context) (Observation, error) {
			return Observation{Text: "it answers 200", Value: 12, Unit: "ms"}, nil
		}},
		Check{Name: "media", Kind: "disk", Func: func(context.Context) error { return Warn("91 %% full") }},
		Check{Name: "mail", Kind: "smtp", Func: func(context.Context) error { return errors.New("refused by 10.0.0.7") }},
		Check{Name: "late", Func: func(context.Context) error { return nil }})
	if err := r.Fresh(t.Context(), "site", "media", "mail"); err != nil {
		t.Fatal(err)
	}
	return r
}

func ask(h http.Handler, method, path string, header ...string) *http.Response {
	r := httptest.NewRequest(method, path, nil)
	r.RemoteAddr = "192.0.2.1:1234"
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "from" {
			r.RemoteAddr = header[i+1]
			continue
		}
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func prefixes(list ...string) []netip.Prefix {
	var p []netip.Prefix
	for _, s := range list {
		p = append(p, netip.MustParsePrefix(s))
	}
	return p
}

// everyone may see everything.
func everyone() Access { return Access{Allow: prefixes("0.0.0.0/0", "::/0")} }

func TestStatus(t *testing.T) {
	ready := error(nil)
	h := &Handler{Registry: some(t), Access: everyone(), Ready: func() error { return ready }}
	for path, want := range map[string]int{
		"/healthz":                               503,
		"/healthz/site":                          200,
		"/healthz/media":                         200, // degraded is not down
		"/healthz/mail":                          503,
		"/healthz/late":                          503, // nobody knows
		"/healthz/none":                          404,
		"/healthz/":                              404,
		"/healthz?check=site&check=media":        200,
		"/healthz?check=site,media":              200,
		"/healthz?skip=mail&skip=late":           200,
		"/healthz?skip=mail":                     503,
		"/healthz?check=none":                    404,
		"/healthz?skip=none":                     404,
		"/healthz?check=mail&skip=mail":          404,
		"/livez":                                 200,
		"/readyz":                                200,
		"/ping":                                  200,
		"/status":                                200,
		"/feed.atom":                             200,
		"/":                                      404,
		"/healthz?fresh=1":                       401,
		"/metrics":                               404,
		"/healthz/site?check=mail":               200,
		"/healthz?check=site&check=mail&skip=xx": 404,
	} {
		resp := ask(h, "GET", path)
		if resp.StatusCode != want || resp.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %d, want %d: %v %s", path, resp.StatusCode, want, resp.Header, body(t, resp))
		}
		head := ask(h, "HEAD", path)
		if head.StatusCode != want || head.Header.Get("Content-Type") != resp.Header.Get("Content-Type") {
			t.Errorf("HEAD %s: %d %v", path, head.StatusCode, head.Header)
		}
		if post := ask(h, "POST", path); post.StatusCode != 405 && want != 404 {
			t.Errorf("POST %s: %d", path, post.StatusCode)
		}
	}
	ready = errors.New("draining")
	if resp := ask(h, "GET", "/readyz", "Accept", "text/plain"); resp.StatusCode != 503 || !strings.HasPrefix(body(t, resp), "DOWN draining\n") {
		t.Errorf("draining: %d", resp.StatusCode)
	}
	h.FailStatus = 418
	if resp := ask(h, "GET", "/healthz"); resp.StatusCode != 418 {
		t.Errorf("%d", resp.StatusCode)
	}
}

func TestAccept(t *testing.T) {
	h := &Handler{Registry: some(t), Access: everyone()}
	for accept, want := range map[string]string{
		"":                                   "application/json",
		"*/*":                                "application/json",
		"application/*":                      "application/json",
		"application/json":                   "application/json",
		"application/health+json":            "application/health+json",
		"application/health+json, */*;q=0.1": "application/health+json",
		"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": "text/html; charset=utf-8",
		"text/plain":                        "text/plain; charset=utf-8",
		"text/plain;q=0.2, text/html;q=0.1": "text/plain; charset=utf-8",
		"image/png":                         "",
		"text/html;q=0":                     "",
	} {
		resp := ask(h, "GET", "/healthz", "Accept", accept)
		if want == "" && resp.StatusCode == 406 {
			continue
		}
		if got := resp.Header.Get("Content-Type"); got != want || resp.StatusCode != 503 || resp.Header.Get("Vary") != "Accept" {
			t.Errorf("Accept: %s: %d %s, want %s", accept, resp.StatusCode, got, want)
		}
	}
	if resp := ask(h, "GET", "/status", "Accept", "application/json"); resp.StatusCode != 406 {
		t.Errorf("/status: %d", resp.StatusCode)
	}
}

func TestFormats(t *testing.T) {
	h := &Handler{Registry: some(t), Access: everyone(), Title: "web1"}
	var got struct {
		Status string
		Checks map[string]map[string]struct {
			Status, Message, Unit string
			Critical              bool
			Value                 *float64
		}
		Errors map[string]string
	}
	if err := json.Unmarshal([]byte(body(t, ask(h, "GET", "/healthz"))), &got); err != nil {
		t.Fatal(err)
	}
	if got.Status != "DOWN" || got.Checks["http"]["site"].Status != "UP" || !got.Checks["http"]["site"].Critical || *got.Checks["http"]["site"].Value != 12 {
		t.Errorf("%+v", got)
	}
	if d := cmp.Diff(map[string]string{"media": "91 % full", "mail": "refused by 10.0.0.7", "late": "unknown"}, got.Errors); d != "" {
		t.Errorf("errors (-want +got):\n%s", d)
	}

	var draft struct {
		Status string
		Checks map[string][]struct {
			ComponentID, Status, Output, ObservedUnit string
			ObservedValue                             float64
		}
	}
	if err := json.Unmarshal([]byte(body(t, ask(h, "GET", "/healthz", "Accept", "application/health+json"))), &draft); err != nil {
		t.Fatal(err)
	}
	site, mail := draft.Checks["site:http"][0], draft.Checks["mail:responseTime"][0]
	if draft.Status != "fail" || site.Status != "pass" || site.Output != "" || site.ObservedValue != 12 || mail.Output != "refused by 10.0.0.7" || mail.ObservedUnit != "ms" || draft.Checks["media:responseTime"][0].Status != "warn" {
		t.Errorf("%+v", draft)
	}

	var lines []string
	for line := range strings.Lines(body(t, ask(h, "GET", "/healthz", "Accept", "text/plain"))) {
		word, _, _ := strings.Cut(strings.TrimSpace(line), " ago")
		lines = append(lines, strings.Join(strings.Fields(word)[:min(2, len(strings.Fields(word)))], " "))
	}
	if d := cmp.Diff([]string{"DOWN", "UP http/site", "DEGRADED disk/media", "DOWN smtp/mail", "UNKNOWN check/late"}, lines); d != "" {
		t.Errorf("lines (-want +got):\n%s", d)
	}

	var feed atomFeed
	if err := xml.Unmarshal([]byte(body(t, ask(h, "GET", "/feed.atom"))), &feed); err != nil {
		t.Fatal(err)
	}
	if len(feed.Entries) != 2 || feed.Entries[0].ID == feed.Entries[1].ID || !strings.HasPrefix(feed.ID, "urn:uuid:") || len(feed.ID) != len("urn:uuid:")+36 {
		t.Errorf("%+v", feed)
	}

	page := body(t, ask(h, "GET", "/status"))
	for _, want := range []string{"web1", "down: mail</h1>", "<main>", "refused by 10.0.0.7", "not checked yet", `http-equiv="refresh" content="30"`, "91 % full", `href="feed.atom"`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if still := body(t, ask(h, "GET", "/status?refresh=0")); strings.Contains(still, `http-equiv="refresh"`) {
		t.Error("the page asks again, though it must not")
	}
	if one := body(t, ask(h, "GET", "/healthz/site", "Accept", "text/html")); !strings.Contains(one, `href="../feed.atom"`) {
		t.Error("the link of a single check leads nowhere")
	}
}

// TestReplaced: the renderers are the program's own.
func TestReplaced(t *testing.T) {
	h := &Handler{Registry: some(t), Access: everyone(),
		Renderers: []Renderer{{Type: "application/xml", Render: func(w io.Writer, v View) error { _, err := io.WriteString(w, "<x/>"); return err }}},
		Page:      HTML(PageOptions{Template: template.Must(template.New("").Funcs(PageFuncs()).Parse(`{{range .Results}}{{tone .State}} {{end}}`))}),
	}
	if resp := ask(h, "GET", "/healthz"); body(t, resp) != "<x/>" || resp.Header.Get("Content-Type") != "application/xml" {
		t.Error(resp.Header)
	}
	if got := body(t, ask(h, "GET", "/status")); got != "good warning bad undecided " {
		t.Errorf("%q", got)
	}
	h.Renderers[0].Render = func(io.Writer, View) error { return errors.New("hush") }
	if resp := ask(h, "GET", "/healthz"); resp.StatusCode != 500 || strings.Contains(body(t, resp), "hush") {
		t.Error(resp.Status)
	}
}

// TestAccess tries the rules one by one.
func TestAccess(t *testing.T) {
	const secret = "refused by 10.0.0.7"
	rules := Access{
		Public: prefixes("192.0.2.0/24", "2001:db8::/32"), Allow: prefixes("192.0.2.7/32"),
		TrustedProxies: prefixes("192.0.2.100/32", "10.0.0.0/8"), Token: func() string { return "t0ken" },
	}
	for name, c := range map[string]struct {
		header  []string
		status  int
		details bool
	}{
		"inside, no token":                   {[]string{"from", "192.0.2.1:1"}, 503, false},
		"inside by IPv6":                     {[]string{"from", "[2001:db8::1%eth0]:1"}, 503, false},
		"inside, mapped":                     {[]string{"from", "[::ffff:192.0.2.1]:1"}, 503, false},
		"outside":                            {[]string{"from", "198.51.100.1:1"}, 404, false},
		"outside with the token":             {[]string{"from", "198.51.100.1:1", "Authorization", "Bearer t0ken"}, 404, false},
		"no address":                         {[]string{"from", "@"}, 404, false},
		"allowed":                            {[]string{"from", "192.0.2.7:1"}, 503, true},
		"token":                              {[]string{"Authorization", "Bearer t0ken"}, 503, true},
		"token, the scheme in small":         {[]string{"Authorization", "bearer t0ken"}, 503, true},
		"wrong token":                        {[]string{"Authorization", "Bearer t0kem"}, 503, false},
		"longer token":                       {[]string{"Authorization", "Bearer t0kent0ken"}, 503, false},
		"empty token":                        {[]string{"Authorization", "Bearer "}, 503, false},
		"token by Basic":                     {[]string{"Authorization", "Basic t0ken"}, 503, false},
		"X-Forwarded-For from anybody":       {[]string{"X-Forwarded-For", "192.0.2.7"}, 503, false},
		"from outside, says it is inside":    {[]string{"from", "198.51.100.1:1", "X-Forwarded-For", "192.0.2.7"}, 404, false},
		"behind the proxy":                   {[]string{"from", "192.0.2.100:1", "X-Forwarded-For", "192.0.2.7"}, 503, true},
		"behind the proxy, with a port":      {[]string{"from", "192.0.2.100:1", "X-Forwarded-For", "192.0.2.7:4711"}, 503, true},
		"behind the proxy, outside":          {[]string{"from", "192.0.2.100:1", "X-Forwarded-For", "198.51.100.1"}, 404, false},
		"behind the proxy, with a lie":       {[]string{"from", "192.0.2.100:1", "X-Forwarded-For", "192.0.2.7, 198.51.100.1"}, 404, false},
		"behind the proxy, a lie of its own": {[]string{"from", "192.0.2.100:1", "X-Forwarded-For", "192.0.2.7", "X-Forwarded-For", "198.51.100.1"}, 404, false},
		"behind two proxies":                 {[]string{"from", "192.0.2.100:1", "X-Forwarded-For", "198.51.100.1, 192.0.2.7, 10.1.2.3"}, 503, true},
		"the proxy itself":                   {[]string{"from", "192.0.2.100:1"}, 503, false},
		"behind the proxy, unknown":          {[]string{"from", "192.0.2.100:1", "X-Forwarded-For", "unknown"}, 404, false},
		"behind the proxy, an empty member":  {[]string{"from", "192.0.2.100:1", "X-Forwarded-For", "192.0.2.7, "}, 404, false},
	} {
		t.Run(name, func(t *testing.T) {
			h := &Handler{Registry: some(t), Access: rules, More: map[string]http.Handler{
				"/more": http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, secret) }),
			}}
			for _, accept := range []string{"application/json", "application/health+json", "text/html", "text/plain"} {
				resp := ask(h, "GET", "/healthz", append(c.header, "Accept", accept)...)
				if got := body(t, resp); resp.StatusCode != c.status || strings.Contains(got, secret) != c.details {
					t.Errorf("%s: %d, want %d, details: %v\n%s", accept, resp.StatusCode, c.status, c.details, got)
				}
			}
			for _, path := range []string{"/status", "/feed.atom", "/more"} {
				resp := ask(h, "GET", path, c.header...)
				if got := body(t, resp); strings.Contains(got, secret) != c.details || (resp.StatusCode == 404) != (c.status == 404) {
					t.Errorf("%s: %d %s", path, resp.StatusCode, got)
				}
			}
			more, want := ask(h, "GET", "/more", c.header...).StatusCode, 401
			if c.details {
				want = 200
			} else if c.status == 404 {
				want = 404
			}
			if more != want {
				t.Errorf("more: %d, want %d", more, want)
			}
			fresh, want := ask(h, "GET", "/healthz?fresh=1", c.header...).StatusCode, 401
			if strings.HasPrefix(name, "token") && !strings.Contains(name, "Basic") {
				want = 503
			} else if c.status == 404 {
				want = 404
			}
			if fresh != want {
				t.Errorf("fresh: %d, want %d", fresh, want)
			}
		})
	}
}

// TestNobodyIsAllowed: the zero Access shows no messages, not even on loopback,
// where a proxy may be the peer.
func TestNobodyIsAllowed(t *testing.T) {
	h := &Handler{Registry: some(t)}
	resp := ask(h, "GET", "/healthz", "from", "127.0.0.1:1", "Authorization", "Bearer ")
	if text := body(t, resp); resp.StatusCode != 503 || strings.Contains(text, "refused") || strings.Contains(text, "ms\"") && strings.Contains(text, `"value"`) {
		t.Errorf("%d %s", resp.StatusCode, text)
	}
}

func FuzzCaller(f *testing.F) {
	f.Add("192.0.2.100:1", "192.0.2.7, 10.0.0.1", "Bearer x")
	f.Fuzz(func(t *testing.T, remote, forwarded, authorization string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = remote
		r.Header["X-Forwarded-For"] = []string{forwarded}
		r.Header["Authorization"] = []string{authorization}
		a := Access{Public: prefixes("192.0.2.0/24"), Allow: prefixes("192.0.2.7/32"), TrustedProxies: prefixes("192.0.2.100/32"), Token: func() string { return "a long token that nobody guesses" }}
		c := a.Caller(r)
		if c.Token || c.Details && !c.Admitted {
			t.Errorf("%+v", c)
		}
		if c.Details && !strings.Contains(remote+forwarded, "192.0.2.7") && !strings.Contains(strings.ToLower(remote+forwarded), "c000:207") {
			t.Errorf("%+v", c)
		}
	})
}
