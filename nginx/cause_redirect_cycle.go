package nginx

import (
	"slices"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var redirectCycle = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-redirect-cycle", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "The internal URI goes to the application, which hands off again",
		Text: "The location of the internal prefix proxies to the application instead of opening a file. The " +
			"application hands off again, until nginx breaks the cycle with 500.",
		Fix: "Map the internal location to the storage with alias or root, and do not proxy it.",
		Before: `location /protected/ {
    internal;
    proxy_pass http://127.0.0.1:8000;
}`,
		After: `location /protected/ {
    internal;
    alias /srv/media/;
}`,
		Source: "nginx documentation, ngx_http_proxy_module, X-Accel-Redirect",
	},
	Check:    "end-to-end",
	Anyway:   true,
	Blocks:   true,
	Symptoms: []string{"handoff-loop", "handoff-echoed", "handoff-not-found"},
	Judge:    judge(judgeRedirectCycle),
}

func judgeRedirectCycle(s *site) *diag.Finding {
	if !s.Lost() || !s.ToBackend(s.Handoff) || !s.Handoff.meant() || judgeServerRewrite(s) != nil {
		return nil
	}
	f := s.Found(cause.Pass(s.Handoff), "The internal URI %s is proxied to the application again.", s.Handoff.URI)
	if e, logged := s.Logged(cause.Says("internal redirection cycle")); logged {
		return s.With(f, s.Handoff, e)
	}
	if !s.asksAgain() {
		return nil
	}
	return s.With(f, s.Handoff)
}

// asksAgain says that what the internal location asks is the application, and
// not another server whose address does not tell.
func (s *site) asksAgain() bool {
	again := cause.Upstream(s.Handoff)
	first := cause.Upstream(s.Download)
	return slices.ContainsFunc(again.Peers, func(p route.Peer) bool {
		return s.IsBackend(p) == diag.Yes || first != nil && slices.ContainsFunc(first.Peers, func(q route.Peer) bool { return p.Addr == q.Addr })
	}) || len(again.Peers) == 0
}
