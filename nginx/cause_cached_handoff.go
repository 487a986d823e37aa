package nginx

import "github.com/proxydiag/proxydiag/pkg/diag"

var cachedHandoff = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-cached-handoff", Part: diag.PartProxy, Severity: diag.Error,
		Title: "A cache tier in front replays the finished downloads",
		Text: "nginx never stores an answer that carries X-Accel-Redirect. A second server block that proxies " +
			"to the first one and caches stores what the first one made of it: the file, for everybody.",
		Fix: "Take proxy_cache off the tier in front for the download URLs, or let it obey Cache-Control: " +
			"private.",
		Before: "server { listen 80; location / { proxy_pass http://127.0.0.1:8081; proxy_cache z; proxy_cache_valid 10m; } }",
		After:  "server { listen 80; location /dl/ { proxy_pass http://127.0.0.1:8081; } }",
		Source: "nginx documentation, ngx_http_proxy_module, proxy_cache",
	},
	Check:    "end-to-end",
	Symptoms: []string{"proxy-cached-handoff"},
	Needs:    true,
	Judge:    judge(judgeCachedHandoff),
}

func judgeCachedHandoff(s *site) *diag.Finding {
	if s.Download == nil || !s.Exchange(diag.ProxyGet).Delivers() {
		return nil
	}
	tiers := s.front
	if !s.ToBackend(s.Download) {
		tiers = append(tiers, s.Download)
	}
	for _, t := range tiers {
		for _, d := range t.Effective("proxy_cache", "fastcgi_cache", "uwsgi_cache", "scgi_cache") {
			if d.Arg(0) != "off" {
				return s.With(s.Found(d, "%s is in force in the tier that clients reach, %s.", d, blockName(t.Location)), t)
			}
		}
	}
	return nil
}
