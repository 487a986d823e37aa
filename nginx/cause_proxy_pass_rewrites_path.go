package nginx

import (
	"net/url"
	"path"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/check"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

var proxyPassRewritesPath = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-proxy-pass-rewrites-path", Part: diag.PartProxy, Severity: diag.Error,
		Title: "proxy_pass with a URI part changes the path",
		Text: "Behind the address proxy_pass has a URI, be it only a slash. It replaces the location's prefix, " +
			"so the backend is asked for another path.",
		Fix: "Leave the URI away, slash included, so that the path is passed on as it came; or make it the " +
			"same as the location's prefix.",
		Before: "location /dl/ { proxy_pass http://127.0.0.1:8000/; }   # /dl/a.bin becomes /a.bin",
		After:  "location /dl/ { proxy_pass http://127.0.0.1:8000; }",
		Source: "nginx documentation, ngx_http_proxy_module, proxy_pass",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"proxy-path-rewritten", "handoff-not-found"},
	Judge:    judge(judgeProxyPassRewritesPath),
}

func judgeProxyPassRewritesPath(s *site) *diag.Finding {
	u := cause.Upstream(s.Download)
	if !s.Lost() || u == nil || u.Pass.Name != "proxy_pass" || u.Unknown != "" {
		return nil
	}
	if to, _ := s.Download.Eval(u.Pass.Arg(0)); !hasURI(u.Pass.Arg(0)) && !hasURI(to) {
		return nil
	}
	asked, err1 := url.Parse(u.URI)
	want, err2 := url.Parse(s.Stack.Backend.For(s.File.Name))
	if s.Stack.Fixed != "" {
		want, err2 = url.Parse(string(s.Stack.Backend))
	}
	if err1 != nil || err2 != nil || path.Clean(asked.Path) == path.Clean(want.Path) {
		return nil
	}
	symptom := check.Symptom(s.View)
	if symptom != "proxy-path-rewritten" && (symptom != "" || s.Status() < 300) {
		return nil
	}
	return s.With(s.Found(u.Pass, "For %s the backend is asked for %s instead of %s.", s.Download.URI, asked.Path, want.Path), s.Download)
}

// hasURI says that the value of proxy_pass has a URI behind the address.
func hasURI(value string) bool {
	_, rest, _ := strings.Cut(value, "://")
	return strings.Contains(rest, "/") || strings.HasPrefix(rest, "unix:") && strings.Count(rest, ":") > 1
}
