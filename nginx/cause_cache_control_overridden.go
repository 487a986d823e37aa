package nginx

import (
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

var cacheControlOverridden = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-cache-control-overridden", Part: diag.PartProxy, Severity: diag.Warning,
		Title: "The internal location makes private downloads cacheable",
		Text: "expires replaces the Cache-Control of the backend, and add_header adds a second line to it; " +
			"what counts is what is in force in the internal location.",
		Fix: "Take expires and add_header Cache-Control off the internal location: the backend's " +
			"Cache-Control survives the handoff.",
		Before: "location /protected/ { internal; alias /srv/media/; expires 1y; }",
		After:  "location /protected/ { internal; alias /srv/media/; }",
		Source: "nginx documentation, ngx_http_headers_module",
	},
	Check:    "headers",
	Anyway:   true,
	Symptoms: []string{"proxy-cache-control-overridden"},
	Needs:    true,
	Judge:    judge(judgeCacheControlOverridden),
}

func judgeCacheControlOverridden(s *site) *diag.Finding {
	if s.Handoff == nil || !s.Delivered() || !s.overridden() {
		return nil
	}
	for _, t := range s.answering() {
		at := adds(t, "Cache-Control")
		if d := last(t.Inside, "expires"); at == nil && d != nil && d.Arg(0) != "off" {
			at = d
		}
		if at != nil {
			return s.With(s.Found(at, "%s is in force in %s.", at, blockName(t.Location)), t)
		}
	}
	return nil
}

// overridden says that the client's Cache-Control or Expires are not the backend's.
func (s *site) overridden() bool {
	b, p := s.Exchange(diag.BackendGet), s.Exchange(diag.ProxyGet)
	return b.Answered() && b.Header.Has("Cache-Control") && !slices.Equal(b.Header.Values("Cache-Control"), p.Header.Values("Cache-Control"))
}

// adds is the directive that adds a field to what a route answers.
func adds(t *Route, name string) *conf.Directive {
	for _, d := range t.Effective("add_header", "more_set_headers") {
		field, _, _ := strings.Cut(d.Arg(0), ":")
		if strings.EqualFold(field, name) {
			return d
		}
	}
	return nil
}
