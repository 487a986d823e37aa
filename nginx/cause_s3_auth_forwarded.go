package nginx

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

var s3AuthForwarded = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-s3-auth-forwarded", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "The client's credentials are sent to the storage",
		Text: "An internal redirect keeps the fields of the client's request, so that Authorization and Cookie go " +
			"to the storage as well. Object stores refuse a request that is signed twice, and nobody's " +
			"session belongs there.",
		Fix: "Clear both in the internal location: proxy_set_header Authorization \"\"; proxy_set_header Cookie \"\";",
		Before: `location /s3/ {
    internal;
    proxy_pass https://bucket.s3.example.org/;
}`,
		After: `location /s3/ {
    internal;
    proxy_set_header Authorization "";
    proxy_set_header Cookie "";
    proxy_pass https://bucket.s3.example.org/;
}`,
		Source: "nginx documentation, ngx_http_proxy_module, proxy_set_header; AWS documentation, Authenticating Requests",
	},
	Check:    "end-to-end",
	Anyway:   true,
	Symptoms: []string{"handoff-forbidden", "handoff-wrong-content", "proxy-auth-required"},
	Judge:    judge(judgeS3AuthForwarded),
}

// credential is a field that identifies a client.
type credential struct {
	name           string
	value          string // invented, for a probe
	backend, proxy string // ids of the probes with it
}

var credentials = []credential{
	{"Authorization", "Bearer proxydiag", "backend-with-authorization", "proxy-with-authorization"},
	{"Cookie", "proxydiag=1", "backend-with-cookie", "proxy-with-cookie"},
}

// withCredentials asks both ports once more with invented credentials, where a
// storage would get them.
var withCredentials = diag.Family{
	Name: "credentials",
	When: "a configuration is given, and an internal location sends the client's Authorization or Cookie to a storage",
	Plan: func(v *diag.View) diag.Step {
		s := siteOf(v)
		step := diag.Step{}
		if s == nil || s.File == nil || !v.Delivered() || s.fetched() == nil {
			return step
		}
		for _, c := range credentials {
			if !s.Handoff.forwards(c.name) || s.Stack.Header.Has(c.name) {
				continue
			}
			with := compare.Header{{Name: c.name, Value: c.value}}
			step.Probes = append(step.Probes,
				diag.Probe{ID: c.backend, Port: diag.Backend, Method: "GET", Role: diag.RoleMain, Header: with},
				diag.Probe{ID: c.proxy, Port: diag.Proxy, Method: "GET", Role: diag.RoleMain, Header: with})
		}
		return step
	},
}

func judgeS3AuthForwarded(s *site) *diag.Finding {
	u := s.fetched()
	if u == nil || judgeS3ArgsLost(s) != nil || judgeS3Host(s) != nil {
		return nil
	}
	for _, c := range credentials {
		if !s.Handoff.forwards(c.name) {
			continue
		}
		b, p := s.Exchange(c.backend), s.Exchange(c.proxy)
		if s.Delivered() && len(b.Handoffs()) > 0 && b.Status < 300 && p.Answered() && p.Status >= 400 && p.Status < 500 {
			f := s.Found(u.Pass, "With %s in the request the backend still hands off, and what comes from %s is %d.", c.name, u.Host, p.Status)
			f.Evidence = append(f.Evidence, diag.Evidence{Kind: diag.EvidenceExchange, Probe: p.Probe.ID,
				Text: fmt.Sprintf("GET with %s → %d; without it the file comes", c.name, p.Status)})
			f.Certainty = cause.Proven
			return s.With(f, s.Handoff)
		}
		if x := s.Exchange(diag.ProxyGet); s.refusedThere() && s.Status() != 404 && s.presigned() && x.Request.Header.Has(c.name) {
			return s.With(s.Found(u.Pass, "The request has %s, and %s, which gets it beside the signature of the URL, answers %d.", c.name, u.Host, x.Status), s.Handoff)
		}
	}
	return nil
}
