package nginx

import (
	"slices"
	"strconv"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var errorPageMasks = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-error-page-masks", Part: diag.PartProxy, Severity: diag.Warning,
		Title: "error_page turns errors into a success",
		Text: "error_page with =200, or with a page that answers 200 itself, is in force for refused or " +
			"missing downloads: the error's status is lost.",
		Fix: "Leave the status alone: `error_page 404 /404.html;` without =200, and no bare = where the page " +
			"is made by the application.",
		Before: `location /dl/ {
    proxy_pass http://127.0.0.1:8000;
    proxy_intercept_errors on;
    error_page 403 404 =200 /sorry.html;
}
location = /sorry.html { root /var/www/html; }`,
		After: `location /dl/ {
    proxy_pass http://127.0.0.1:8000;
    proxy_intercept_errors on;
    error_page 403 404 /sorry.html;
}
location = /sorry.html { root /var/www/html; }`,
		Source: "nginx documentation, ngx_http_core_module, error_page",
	},
	Check:    "errors",
	Symptoms: []string{"proxy-error-masked"},
	Needs:    true,
	Judge:    judge(judgeErrorPageMasks),
}

func judgeErrorPageMasks(s *site) *diag.Finding {
	for _, c := range [][2]string{{diag.ProxyDenied, diag.BackendDenied}, {diag.ProxyMissing, diag.BackendMissing}} {
		p, b := s.Exchange(c[0]), s.Exchange(c[1])
		if !s.Delivered() || !p.Answered() || p.Status/100 != 2 || !b.Answered() || s.Download == nil {
			continue
		}
		where, status := s.Download, b.Status
		if len(b.Handoffs()) > 0 && s.Handoff != nil {
			where, status = s.Handoff, 404
		}
		for _, t := range append([]*Route{where}, s.front...) {
			if intercepts := last(t.Inside, "proxy_intercept_errors"); t != where && (intercepts == nil || intercepts.Arg(0) != "on") {
				continue // a tier that passes errors on as they are
			}
			for _, d := range t.Effective("error_page") {
				if slices.Contains(d.Texts(0), strconv.Itoa(status)) {
					return s.With(s.Found(d, "%s answers where the status is %d.", d, status), t)
				}
			}
		}
	}
	return nil
}
