package check

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

const builtIn = "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n<center><h1>403 Forbidden</h1></center>\r\n<hr><center>nginx</center>\r\n"

// page is an answer with a body of its own.
func page(id string, status int, text string, fields ...string) diag.Exchange {
	x := got(id, status, int64(len(text)), fields...)
	x.Body.SHA256, x.Body.Sample, x.Body.Match = text, []byte(text), compare.Differs
	if text == "" {
		x.Body.Match = compare.Empty
	}
	x.Seen = nil
	return x
}

// ownBackend is a stack with the user's own backend, which hands off and has a
// page of its own for a missing file.
func ownBackend(p diag.Exchange, more ...diag.Exchange) recorded {
	r := record(append([]diag.Exchange{
		page(diag.BackendMissing, 404, "no such file", "Server", "gunicorn"), page(diag.ProxyMissing, 404, "no such file", "Server", "nginx"),
	}, more...)...)
	r.Stack.Companion = false
	r.Stack.Header = compare.Header{{Name: "Cookie", Value: "redacted"}}
	r.Exchanges[0].Header = append(r.Exchanges[0].Header, compare.Field{Name: "Server", Value: "gunicorn"})
	p.Probe.ID = diag.ProxyGet
	if !p.Header.Has("Server") {
		p.Header = append(p.Header, compare.Field{Name: "Server", Value: "nginx"})
	}
	p.Remote = "127.0.0.1:80"
	r.Exchanges[1] = p
	return r
}

// TestWhoRefuses: an error that comes through the proxy while the backend's own
// port hands off may be the application's as well as the proxy's.
func TestWhoRefuses(t *testing.T) {
	refusal := page("", 403, "please log in")
	plainly := page("backend-without-cookie", 403, "please log in")
	plainly.Probe.Without = []string{"Cookie"}
	forwarded := page(backendForwarded+"-x-forwarded-for", 403, "please log in")
	foreigner := page(backendForwarded+"-foreign", 403, "please log in")
	disposed := page("", 404, "<h1>custom</h1>", "Content-Disposition", "attachment")
	withDisposition := ownBackend(disposed)
	withDisposition.Exchanges[0].Header = append(withDisposition.Exchanges[0].Header, compare.Field{Name: "Content-Disposition", Value: "attachment"})
	sameKind := ownBackend(page("", 403, builtIn))
	sameKind.Exchanges[0].Header[len(sameKind.Exchanges[0].Header)-1].Value = "nginx"
	judgeAll(t, []judgeTest{
		{"the server's own page", ownBackend(page("", 403, builtIn)), []string{"handoff-forbidden error"}},
		{"a page of a server like the application's", sameKind, nil},
		{"a page that nobody knows", ownBackend(refusal), nil},
		{"not found, a page that nobody knows", ownBackend(page("", 404, "sorry")), nil},
		{"a failure that nobody knows", ownBackend(page("", 500, "oops")), nil},
		{"no gateway, a page that nobody knows", ownBackend(page("", 502, "oops")), nil},
		{"another page with 200", ownBackend(page("", 200, "<h1>Login</h1>")), nil},
		{"a redirect", ownBackend(page("", 302, "", "Location", "/login")), nil},
		{"a redirect to the internal folder", ownBackend(page("", 301, "", "Location", "http://p/protected/main.bin/")), []string{"handoff-not-found error"}},
		{"the handoff's own field", withDisposition, []string{"handoff-not-found error"}},

		{"the same without the cookie", ownBackend(refusal, plainly), []string{"proxy-request-header-lost error"}},
		{"another answer without the cookie", ownBackend(refusal, page("backend-without-cookie", 403, "other")), nil},
		{"the same redirect without the cookie", ownBackend(page("", 302, "", "Location", "http://p/login"), page("backend-without-cookie", 302, "", "Location", "/login")),
			[]string{"proxy-request-header-lost error"}},
		{"another redirect without the cookie", ownBackend(page("", 302, "", "Location", "/elsewhere"), page("backend-without-cookie", 302, "", "Location", "/login")), nil},
		{"empty answers", ownBackend(page("", 403, ""), page("backend-without-cookie", 403, "")), nil},
		{"empty demands for a login", ownBackend(page("", 401, "", "WWW-Authenticate", "Bearer"), page("backend-without-cookie", 401, "", "WWW-Authenticate", "Bearer")),
			[]string{"proxy-request-header-lost error"}},

		{"the same as a proxy asks", ownBackend(refusal, forwarded), []string{"backend-error-status error"}},
		{"the same either way", ownBackend(refusal, plainly, forwarded), nil},
		{"the same for a client from elsewhere", ownBackend(refusal, foreigner), nil},
	})
	for _, r := range []recorded{ownBackend(refusal), ownBackend(refusal, plainly, forwarded), ownBackend(refusal, foreigner)} {
		if status, reason := judgeEndToEnd(r.view()); status != diag.Unknown || !strings.Contains(reason, "--companion") {
			t.Errorf("end-to-end: %s %s", status, reason)
		}
	}
}

// TestRefusals: the requests depend on what came.
func TestRefusals(t *testing.T) {
	const all, cookie, one, elsewhere = backendForwarded, "backend-without-cookie", backendForwarded + "-x-real-ip", backendForwarded + "-foreign"
	for name, c := range map[string]struct {
		rec  recorded
		want []string
		no   string
	}{
		"a page that nobody knows":  {ownBackend(page("", 403, "no")), []string{all, cookie}, one},
		"it is one of the fields":   {ownBackend(page("", 403, "no"), page(all, 403, "no")), []string{all, cookie, one}, elsewhere},
		"it is none of the fields":  {ownBackend(page("", 403, "no"), page(all, 200, "")), []string{all, cookie, elsewhere}, one},
		"the server's own page":     {ownBackend(page("", 403, builtIn)), nil, all},
		"ignored":                   {ownBackend(page("", 200, "")), nil, all},
		"the download works":        {ownBackend(plain("")), nil, all},
		"a backend that refuses it": {ownBackend(page("", 403, "no"), page(diag.BackendGet, 403, "no")), nil, all},
	} {
		asked := map[string]bool{}
		for _, p := range refusals.Plan(c.rec.view()).Probes {
			asked[p.ID] = true
		}
		for _, id := range c.want {
			if !asked[id] {
				t.Errorf("%s: %s is not asked", name, id)
			}
		}
		if asked[c.no] || c.want == nil && len(asked) > 0 {
			t.Errorf("%s: asked %v", name, asked)
		}
	}
	if d := cmp.Diff([]string{"Cookie"}, withouts(ownBackend(page("", 403, "no")).view())[0].without); d != "" {
		t.Error(d)
	}
}
