package nginx

import (
	"regexp"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/check"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

var cachedHandoff = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-cached-handoff", Part: diag.PartProxy, Severity: diag.Error,
		Title: "A cache tier in front replays the finished downloads",
		Text: "nginx never stores an answer that carries X-Accel-Redirect. A second server block that proxies " +
			"to the first one and caches stores what the first one made of it: the file, for everybody.",
		Fix: "Take proxy_cache off the tier in front for the download URLs, or let it obey Cache-Control: " +
			"private.",
		Before: `proxy_cache_path /var/cache/nginx keys_zone=pages:10m;
server {
    listen 80;
    location / {
        proxy_pass http://127.0.0.1:8081;
        proxy_cache pages;
        proxy_cache_valid 10m;
        proxy_ignore_headers Cache-Control;
    }
}
server {
    listen 127.0.0.1:8081;
    location /dl/ { proxy_pass http://127.0.0.1:8000; }
    location /protected/ { internal; alias /srv/media/; }
}`,
		After: `proxy_cache_path /var/cache/nginx keys_zone=pages:10m;
server {
    listen 80;
    location / {
        proxy_pass http://127.0.0.1:8081;
        proxy_cache pages;
        proxy_cache_valid 10m;
        proxy_ignore_headers Cache-Control;
    }
    location /dl/ { proxy_pass http://127.0.0.1:8081; }
}
server {
    listen 127.0.0.1:8081;
    location /dl/ { proxy_pass http://127.0.0.1:8000; }
    location /protected/ { internal; alias /srv/media/; }
}`,
		Source: "nginx documentation, ngx_http_proxy_module, proxy_cache",
	},
	Check:    "end-to-end",
	Symptoms: []string{"proxy-cached-handoff", "proxy-stale-file"},
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
			if d.Arg(0) != "off" && (check.Replayed(s.View) || s.storesPrivate(t)) {
				return s.With(s.Found(d, "%s is in force in the tier that clients reach, %s.", d, blockName(t.Location)), t)
			}
		}
	}
	return nil
}

// unstored matches a Cache-Control that keeps shared caches from storing.
var unstored = regexp.MustCompile(`(?i)\b(private|no-store)\b`)

// storesPrivate says that a tier with a cache does not heed the backend, which
// says that nobody but the client may store the download.
func (s *site) storesPrivate(t *Route) bool {
	b := s.Exchange(diag.BackendGet)
	return b.Answered() && unstored.MatchString(strings.Join(b.Header.Values("Cache-Control"), ",")) &&
		slices.ContainsFunc(t.Effective("proxy_ignore_headers"), func(d *conf.Directive) bool {
			return slices.ContainsFunc(d.Texts(0), func(name string) bool { return strings.EqualFold(name, "Cache-Control") })
		})
}
