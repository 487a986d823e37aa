package nginx

import (
	"slices"

	"github.com/proxydiag/proxydiag/pkg/check"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

var fallbackPage = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-fallback-page", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "A fallback turns a missing file into a page",
		Text: "try_files, or error_page, in force where the handoff goes, answers with a page, status 200, " +
			"where the file is missing: clients save the page under the file's name.",
		Fix: "Take the fallback off the internal location, or end try_files with =404.",
		Before: `root /var/www/html;
location /protected/ {
    internal;
    alias /srv/media/;
    try_files $uri /index.html;
}`,
		After: `root /var/www/html;
location /protected/ {
    internal;
    alias /srv/media/;
    try_files $uri =404;
}`,
		Source: "nginx documentation, ngx_http_core_module, try_files, error_page",
	},
	Check:    "end-to-end",
	Anyway:   true,
	Blocks:   true,
	Symptoms: []string{"handoff-wrong-content", "proxy-error-masked"},
	Needs:    true,
	Judge:    judge(judgeFallbackPage),
}

func judgeFallbackPage(s *site) *diag.Finding {
	h := s.Handoff
	masked := s.Exchange(diag.ProxyMissing)
	wrong := check.Symptom(s.View) == "handoff-wrong-content"
	hides := s.Delivered() && masked.Answered() && masked.Status/100 == 2 && len(s.Exchange(diag.BackendMissing).Handoffs()) > 0
	if h == nil || !wrong && !hides {
		return nil
	}
	at := Effective(h.Inside, "try_files")
	if len(at) == 0 && h.Location != nil {
		at = Effective(intendedOr(h, s.handedURI()), "try_files")
	}
	if len(at) == 0 {
		for _, d := range h.Effective("error_page") {
			if slices.Contains(d.Texts(0), "404") {
				at = append(at, d)
			}
		}
	}
	if len(at) == 0 {
		return nil
	}
	return s.With(s.Found(at[0], "%s answers where the file is missing.", at[0]), h)
}

// intendedOr is the location that is meant for a URI, or the one that answers.
func intendedOr(t *Route, uri string) *conf.Directive {
	if d := intended(t.Server, uri); d != nil {
		return d
	}
	return t.Location
}
