package nginx

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var dotfileRule = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-dotfile-rule", Part: diag.PartHandoff, Severity: diag.Info,
		Title: "A rule for dot files refuses some downloads",
		Text: "A location for names that begin with a dot refuses them, as is recommended. Downloads of such " +
			"names get 403 or 404.",
		Fix: "Nothing, unless such files are to be downloaded: then write ^~ before the prefixes of " +
			"the download location and the internal one.",
		Before: `location /protected/ { internal; alias /srv/media/; }
location ~ /\. { deny all; }`,
		After: `location ^~ /dl/ { proxy_pass http://127.0.0.1:8000; }
location ^~ /protected/ { internal; alias /srv/media/; }
location ~ /\. { deny all; }`,
		Source: "nginx documentation, ngx_http_core_module, location",
	},
	Check: "names",
	Judge: judge(judgeDotfileRule),
}

func judgeDotfileRule(s *site) *diag.Finding {
	if s.Download == nil || !s.Delivered() {
		return nil
	}
	for i := range s.Record.Exchanges {
		x := &s.Record.Exchanges[i]
		f := s.Fixture(x.Probe.Role)
		if x.Probe.Port != diag.Proxy || f == nil || f.Lead != "." || x.Probe.Method != "GET" || x.Status != 403 && x.Status != 404 {
			continue
		}
		t := s.router.Route(cause.Request(x))
		if t.Outcome == route.Proxied {
			t = s.router.Handoff(t, route.Handoff{Value: strings.Replace(s.Value, diag.EscapePath(s.File.Name), diag.EscapePath(f.Name), 1)})
		}
		if kind, _ := LocationName(orEmpty(t.Location)); kind == LocationRegex || kind == LocationNoCase {
			return s.With(s.Found(t.Location, "%s refuses names that begin with a dot.", t.Location), t)
		}
	}
	return nil
}

func orEmpty(d *conf.Directive) *conf.Directive {
	if d == nil {
		return &conf.Directive{}
	}
	return d
}
