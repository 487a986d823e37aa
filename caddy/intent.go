package caddy

import (
	"net/url"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// intent is what the configuration's response handler is for: the prefix that
// it strips off what the backend hands off, or that its matcher waits for. Only
// the reverse_proxy that the download comes to counts. There is none where there
// are several prefixes.
func intent(source conf.Source, proxy *url.URL) (server.Intent, bool) {
	c, _ := Parse(source) // what is wrong with it was told before
	t := server.Asked(NewRouter(c, RouterOptions{}), server.RouteRequest{URL: proxy})
	if t.Outcome != route.Proxied || t.Proxy == nil {
		return server.Intent{}, false
	}
	w := cause.Writing(written)
	var found server.Intent
	several := false
	note := func(prefix string, at *conf.Directive) {
		prefix = strings.TrimSuffix(prefix, "/") + "/"
		several = several || found.Prefix != "" && found.Prefix != prefix
		if place := w.Place(at); place != nil && strings.HasPrefix(prefix, "/") && prefix != "/" && !strings.Contains(prefix, "{") {
			found = server.Intent{Prefix: prefix, Location: *place}
		}
	}
	for _, r := range t.Proxy.Responses {
		if !r.forHandoffs() {
			continue
		}
		stripped := false
		walk(r.Routes, nil, func(_ *Route, h *Handler, _ []*Response) {
			if h.Rewrite != nil && h.Rewrite.StripPrefix != "" {
				note(h.Rewrite.StripPrefix, h.At)
				stripped = true
			}
		})
		if stripped || r.Match == nil {
			continue
		}
		for _, f := range r.Match.Fields {
			for _, v := range f.Values {
				if prefix, ok := strings.CutSuffix(v, "/*"); ok && isHandoffField(f.Name) && prefix != "" {
					note(prefix, r.Match.At)
				}
			}
		}
	}
	return found, found.Prefix != "" && !several
}
