package apache

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

var cacheQuick = diag.Rule{
	Doc: diag.Doc{
		Code: "apache-cache-quick", Part: diag.PartProxy, Severity: diag.Warning,
		Title: "mod_cache replays finished downloads",
		Text: "A CacheEnable covers the downloads. mod_cache keeps the answer with the file in it, and replays it " +
			"without asking the application, by its quick handler even before Apache looks at who asks; a file " +
			"that has changed comes as it was, with an Age field. It does so where the application allows " +
			"caching, or where the configuration ignores what it says.",
		Fix: "Take the downloads out of the cache: CacheDisable for their path; or let the application answer Cache-Control: private, and do not ignore that.",
		Before: `CacheRoot /var/cache/apache2
CacheEnable disk /
CacheIgnoreCacheControl On
CacheStorePrivate On
CacheDefaultExpire 3600`,
		After: `CacheRoot /var/cache/apache2
CacheEnable disk /
CacheDisable /dl/
CacheIgnoreCacheControl On
CacheStorePrivate On
CacheDefaultExpire 3600`,
		Source: "Apache documentation, mod_cache, CacheEnable, CacheQuickHandler",
	},
	Check:    "changes",
	Symptoms: []string{"proxy-stale-file", "proxy-cached-handoff"},
	Explains: []string{"proxy-conditional-broken", "proxy-ranges-broken", "proxy-head-broken", "proxy-error-masked"},
	Needs:    true,
	Judge:    judge(judgeCacheQuick),
}

func judgeCacheQuick(s *site) *diag.Finding {
	if s.Download == nil || !s.ToBackend(s.Download) {
		return nil
	}
	at := s.cache(s.Download)
	if at == nil {
		return nil
	}
	f := s.Found(at, "%s covers %s.", at, s.Download.URI)
	for _, x := range s.Record.Exchanges {
		if x.Probe.Port == diag.Proxy && x.Header.Has("Age") {
			f.Certainty = cause.Proven
			f.Evidence = append(f.Evidence, diag.Evidence{Kind: diag.EvidenceExchange, Probe: x.Probe.ID, Text: "Age: " + x.Header.Get("Age") + " in the answer to " + x.Request.Method + " " + x.Request.URL})
			break
		}
	}
	return f
}

// cache is the CacheEnable that covers a route, or one of the virtual hosts
// that the download has passed on its way; nil where there is none.
func (s *site) cache(t *Route) *conf.Directive {
	for _, tier := range append(s.tiers(s.Exchange(diag.ProxyGet)), t) {
		if d := s.caches(tier); d != nil {
			return d
		}
	}
	return nil
}

// caches is the CacheEnable in force for a route: in a Location for all that is
// in it, otherwise by the beginning of the path (cache_get_providers in
// mod_cache). The quick handler, which is on where nothing is said, comes
// before any section is looked at.
func (s *site) caches(t *Route) *conf.Directive {
	var disabled, enabled []*conf.Directive
	if d := lastOf(append(s.conf.Top.All("CacheQuickHandler"), t.Server.All("CacheQuickHandler")...)); d != nil && strings.EqualFold(d.Arg(0), "off") {
		disabled, enabled = t.Effective("CacheDisable"), t.Effective("CacheEnable")
	}
	for _, d := range append(s.router.Server(t, "CacheDisable"), disabled...) {
		if strings.EqualFold(d.Arg(0), "on") || strings.HasPrefix(d.Arg(0), "/") && strings.HasPrefix(t.state.uri, d.Arg(0)) {
			return nil
		}
	}
	for _, d := range append(enabled, s.router.Server(t, "CacheEnable")...) {
		prefix := d.Arg(1)
		if prefix == "" && d.Parent != nil && strings.HasPrefix(d.Parent.Name, "Location") || strings.HasPrefix(prefix, "/") && strings.HasPrefix(t.state.uri, prefix) {
			return d
		}
	}
	return nil
}
