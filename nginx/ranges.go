package nginx

import (
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

// rangeTaker is the directive that keeps Range from reaching the server block, or
// the storage, that sends the files: a field that is replaced, or a cache, for which the
// whole answer is asked for (ngx_http_upstream_cache sets no Range, and what it
// does not store goes out whole). nil where none stands in between.
func (s *site) rangeTaker() *conf.Directive {
	tiers := s.front
	if cause.Upstream(s.Handoff) != nil {
		tiers = append(slices.Clip(tiers), s.Handoff)
	}
	for _, t := range tiers {
		for _, d := range t.Effective("proxy_set_header") {
			if strings.EqualFold(d.Arg(0), "Range") {
				return d
			}
		}
		if cache := last(t.Inside, "proxy_cache"); cache != nil && cache.Arg(0) != "off" {
			return cache
		}
	}
	return nil
}
