package apache

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var proxyPassExcluded = diag.Rule{
	Doc: diag.Doc{
		Code: "apache-proxypass-excluded", Part: diag.PartProxy, Severity: diag.Error,
		Title: "ProxyPass ! keeps the downloads from the backend",
		Text: "A ProxyPass with ! takes the path of the downloads out of what is proxied: Apache looks for them " +
			"in its own folders.",
		Fix:    "Take the exclusion away, or narrow it to what Apache is to serve by itself.",
		Before: "ProxyPass /dl/ !\nProxyPass / http://127.0.0.1:8000/",
		After:  "ProxyPass / http://127.0.0.1:8000/",
		Source: "Apache documentation, mod_proxy, ProxyPass",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"proxy-not-routed", "proxy-redirects"},
	Judge:    judge(judgeProxyPassExcluded),
}

func judgeProxyPassExcluded(s *site) *diag.Finding {
	if !s.Lost() || s.Download.Outcome == route.Proxied || !s.Shows("proxy-not-routed", "proxy-redirects", "") || s.outrun() != nil {
		return nil
	}
	at := s.Download.Deciding(route.StepProxy)
	if at == nil || judgeAccessDenied(s) != nil {
		return nil
	}
	if strings.HasPrefix(at.Name, "ProxyPass") {
		if m, ok := newMapping(at); !ok || m.target != "!" {
			return nil
		}
	} else {
		f := s.Found(at, "%s sets no-proxy for %s, and nothing with it is proxied.", at, s.Download.URI)
		f.Title, f.Fix = "The variable no-proxy keeps the downloads from the backend", "Set no-proxy for other requests only."
		return s.With(f, s.Download)
	}
	return s.With(s.Found(at, "%s is excluded from what is proxied.", s.Download.URI), s.Download)
}
