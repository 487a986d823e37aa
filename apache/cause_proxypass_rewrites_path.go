package apache

import (
	"fmt"
	"net/url"
	"path"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var proxyPassRewritesPath = diag.Rule{
	Doc: diag.Doc{
		Code: "apache-proxypass-rewrites-path", Part: diag.PartProxy, Severity: diag.Error,
		Title: "ProxyPass changes the path",
		Text: "ProxyPass replaces its path by the URL that it names. Where the URL has another path, or a slash " +
			"more or less, the backend is asked for another path than the client.",
		Fix: "Give the URL the same path as the first argument, with a slash behind both or behind none.",
		Before: `# /dl/a.bin becomes /a.bin
ProxyPass /dl/ http://127.0.0.1:8000/`,
		After:  "ProxyPass /dl/ http://127.0.0.1:8000/dl/",
		Source: "Apache documentation, mod_proxy, ProxyPass",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"proxy-path-rewritten", "handoff-not-found"},
	Judge:    judge(judgeProxyPassRewritesPath),
}

func judgeProxyPassRewritesPath(s *site) *diag.Finding {
	if !s.Lost() || s.Status() < 300 && !s.Shows("proxy-path-rewritten") || !s.Shows("proxy-path-rewritten", "handoff-not-found", "") ||
		!s.ToBackend(s.Download) || s.outrun() != nil {
		return nil
	}
	asked, want, ok := s.paths(s.Download)
	if !ok || asked == want {
		return nil
	}
	at := s.Download.Upstream.Pass
	if rule := s.Download.Deciding(route.StepRewrite); rule != nil && rule != at {
		return nil // the rule before it has changed the path
	}
	f := s.Found(at, "For %s the backend is asked for %s instead of %s.", s.Download.URI, asked, want)
	if at != nil && at.Name == "RewriteRule" {
		f.Title = "RewriteRule changes the path"
		f.Fix = "Let the rule's URL have the path that the client asks for."
		if once, err := url.PathUnescape(asked); err == nil && once == want {
			f.Title = "RewriteRule escapes the path twice"
			f.Detail = fmt.Sprintf("For %s the backend is asked for %s: [B] escapes what the rule has matched, and Apache escapes the URL once more.", s.Download.URI, s.Download.Upstream.URI)
			f.Fix = "Write [P,B,BNP,NE]: with NE what B has escaped is left as it is."
		}
	}
	return s.With(f, s.Download)
}

// paths are the path that a route asks its upstream for, and the one under
// which the backend has the file, both decoded.
func (s *site) paths(t *Route) (asked, want string, ok bool) {
	u := cause.Upstream(t)
	if u == nil || u.Unknown != "" || u.Protocol != "http" && u.Protocol != "https" {
		return "", "", false
	}
	a, err1 := url.Parse(u.URI)
	w, err2 := url.Parse(s.Stack.Backend.For(s.File.Name))
	if s.Stack.Fixed != "" {
		w, err2 = url.Parse(string(s.Stack.Backend))
	}
	if err1 != nil || err2 != nil {
		return "", "", false
	}
	return path.Clean(a.Path), path.Clean(w.Path), true
}
