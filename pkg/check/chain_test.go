package check

import (
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// passedBy is a request that reached the companion with this X-Forwarded-For.
func passedBy(id, forwarded string) diag.Exchange {
	return changed(plain(id), func(x *diag.Exchange) {
		x.Seen = []sendfile.Seen{{Forwarded: map[string][]string{"X-Forwarded-For": {forwarded}}}}
	})
}

func TestHops(t *testing.T) {
	backend := func(fields ...string) diag.Exchange {
		return changed(got(diag.BackendGet, 200, 0, fields...), func(x *diag.Exchange) { x.Probe.Port = diag.Backend })
	}
	for name, c := range map[string]struct {
		exchanges []diag.Exchange
		says      []string // of the first exchange; none: no evidence
		chain     string   // in the check's reason
	}{
		"one proxy":         {[]diag.Exchange{plain(diag.ProxyGet, "Server", "front"), got(diag.ProxyMissing, 404, 9, "Server", "front")}, nil, ""},
		"one that says so":  {[]diag.Exchange{plain(diag.ProxyGet, "Via", "1.1 front")}, []string{"by way of 1.1 front (Via)"}, ""},
		"two that say so":   {[]diag.Exchange{plain(diag.ProxyGet, "Via", "1.1 inner, 1.1 cdn")}, []string{"1.1 inner, then 1.1 cdn"}, "1.1 inner, then 1.1 cdn"},
		"on two lines":      {[]diag.Exchange{plain(diag.ProxyGet, "Via", "1.1 inner", "via", "1.1 cdn")}, []string{"1.1 inner, then 1.1 cdn"}, "1.1 inner, then 1.1 cdn"},
		"the front's own":   {[]diag.Exchange{got(diag.ProxyGet, 404, 9), got(diag.ProxyMissing, 404, 9, "Via", "1.1 front")}, []string{"has no Via field", "1.1 front"}, ""},
		"another server":    {[]diag.Exchange{got(diag.ProxyGet, 404, 9, "Server", "front"), got(diag.ProxyMissing, 404, 9, "Server", "inner")}, []string{"is from Server: front", "are from inner"}, "front, inner"},
		"the application's": {[]diag.Exchange{plain(diag.ProxyGet, "Server", "front"), got(diag.ProxyMissing, 404, 9, "Server", "app"), backend("Server", "app")}, nil, ""},
		"a cache":           {[]diag.Exchange{plain(diag.ProxyGet, "Age", "3", "X-Cache", "HIT")}, []string{"Age: 3; X-Cache: HIT"}, ""},
		"passed on once":    {[]diag.Exchange{passedBy(diag.ProxyGet, "127.0.0.1")}, nil, ""},
		"passed on twice":   {[]diag.Exchange{passedBy(diag.ProxyGet, "192.0.2.1, 127.0.0.1")}, []string{"2 proxies passed the request on"}, "by way of 2 proxies"},
		"written twice": {[]diag.Exchange{changed(passedBy(diag.ProxyGet, ""), func(x *diag.Exchange) {
			x.Seen[0].Forwarded["X-Forwarded-For"] = []string{"127.0.0.1", "127.0.0.1"}
		})}, nil, ""},
		"said by ourselves": {[]diag.Exchange{changed(passedBy(diag.ProxyGet, "192.0.2.1, 127.0.0.1"), func(x *diag.Exchange) {
			x.Request.Header = append(x.Request.Header, plain("", "X-Forwarded-For", "192.0.2.1").Header[3:]...)
		})}, nil, ""},
		"two handoffs":        {[]diag.Exchange{plain(diag.ProxyGet), backend("X-Accel-Redirect", "/p/a", "X-Sendfile", "/srv/a")}, []string{"X-Accel-Redirect and X-Sendfile"}, ""},
		"one handoff, twice":  {[]diag.Exchange{plain(diag.ProxyGet), backend("X-Sendfile", "/srv/a", "x-sendfile", "/srv/a")}, nil, ""},
		"nobody answers":      {[]diag.Exchange{{Probe: diag.Probe{ID: diag.ProxyGet, Port: diag.Proxy}}}, nil, ""},
		"nothing to ask with": {nil, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			rec := record()
			rec.Exchanges = c.exchanges
			v := rec.view()
			text := ""
			for _, e := range hops(v, diag.ProxyGet) {
				text += e.Text
			}
			if (text == "") != (c.says == nil) {
				t.Errorf("says %q", text)
			}
			for _, part := range c.says {
				if !strings.Contains(text, part) {
					t.Errorf("%q lacks %q", text, part)
				}
			}
			if chain := inChain(v); !strings.Contains(chain, c.chain) || (chain == "") != (c.chain == "") {
				t.Errorf("reason %q, want one with %q", chain, c.chain)
			}
		})
	}
}

// TestHopsInFindings: who answered stands beside what is said of routing.
func TestHopsInFindings(t *testing.T) {
	rec := record(got(diag.ProxyMissing, 404, 9, "Server", "inner/1.0"))
	rec.Exchanges[1] = changed(got(diag.ProxyGet, 404, 9, "Server", "front"), func(x *diag.Exchange) { x.Seen = nil })
	for _, f := range diag.Judge(rec.Record, Rules(), Checks()).Findings {
		if f.Code != "proxy-not-routed" {
			t.Errorf("found %s", f.Code)
		}
		last := f.Evidence[len(f.Evidence)-1].Text
		if !strings.Contains(last, "Server: front, and other answers of this port are from inner/1.0") {
			t.Errorf("the last evidence is %q", last)
		}
	}
}
