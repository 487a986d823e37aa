package check

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// TestTold: a backend that redirects to https on its own port is asked as the
// proxy asks it, before anything else, and all that follows is told so too.
func TestTold(t *testing.T) {
	redirect := got("", 301, 0, "Location", "https://b/dl/main.bin")
	redirect.Request.URL = "http://b/dl/main.bin"
	handsOff := got(diag.BackendHTTPS, 200, 0, "X-Accel-Redirect", "/protected/main.bin")
	handsOff.Probe = scheme.Plan(strict(redirect).view()).Probes[0]
	handsOff.Probe.ID = diag.BackendHTTPS

	first := diag.Next(strict(redirect).Stack, strict(redirect).Record, Families())
	if len(first.Probes) != 1 || first.Probes[0].ID != diag.BackendHTTPS {
		t.Errorf("first: %v", first.Probes)
	}
	for _, c := range []struct {
		name    string
		answer  diag.Exchange
		backend diag.Status
		told    bool
	}{
		{"it hands off", handsOff, diag.Pass, true},
		{"it redirects all the same", changed(redirect, func(x *diag.Exchange) { x.Probe = handsOff.Probe }), diag.Unknown, false},
	} {
		r := strict(redirect, c.answer)
		status, reason := judgeBackend(r.view())
		if status != c.backend || c.told != strings.HasPrefix(reason, "it is asked with X-Forwarded-Proto: https") {
			t.Errorf("%s: %s %s", c.name, status, reason)
		}
		for _, p := range diag.Next(r.Stack, r.Record, Families()).Probes {
			if told := p.Port == diag.Backend && p.Header.Get("X-Forwarded-Proto") == "https"; told != (c.told && p.Port == diag.Backend) {
				t.Errorf("%s: %s is sent with %v", c.name, p.ID, p.Header)
			}
		}
	}
}

// strict is a stack whose download works, and whose own backend answers so.
func strict(backend diag.Exchange, more ...diag.Exchange) recorded {
	r := record(more...)
	r.Stack.Companion, r.Stack.Proxy = false, "https://p/dl/"
	backend.Probe = diag.Probe{ID: diag.BackendGet, Port: diag.Backend, Method: "GET", Role: diag.RoleMain}
	r.Exchanges[0] = backend
	return r
}

// TestLimit: a limit on requests is no fault of the backend's.
func TestLimit(t *testing.T) {
	r := strict(got("", 429, 9))
	if status, reason := judgeBackend(r.view()); status != diag.Unknown || !strings.Contains(reason, "429") || len(codesOf(r)) > 0 {
		t.Errorf("%s %s %v", status, reason, codesOf(r))
	}
	r.Exchanges[1] = got(diag.ProxyGet, 429, 9)
	if codes := codesOf(r); len(codes) > 0 {
		t.Error(codes)
	}
	r.Exchanges[0].Status = 500
	if d := cmp.Diff([]string{"backend-error-status error"}, codesOf(r)); d != "" {
		t.Error(d)
	}
}

func TestOnBothPorts(t *testing.T) {
	for _, c := range []struct{ url, backend, proxy string }{
		{"http://b/files/secret?x=1", "/files/secret?x=1", "/dl/secret?x=1"},
		{"https://p/dl/secret", "/files/secret", "/dl/secret"},
		{"http://b/elsewhere", "/elsewhere", "/elsewhere"},
	} {
		r := record()
		r.Stack.Backend, r.Stack.Proxy = "http://b/files/", "https://p/dl/"
		list := onBothPorts(r.view(), "b", "p", c.url)
		if list[0].Target != c.backend || list[1].Target != c.proxy {
			t.Errorf("%s: %s and %s", c.url, list[0].Target, list[1].Target)
		}
	}
}
