package nginx

import (
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

var bodyFilter = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-body-filter", Part: diag.PartProxy, Severity: diag.Error,
		Title: "A filter rewrites the files",
		Text: "A filter that replaces or adds text is in force where the files are sent. It changes every file " +
			"of its types.",
		Fix: "Take the filter off the internal location.",
		Before: `sub_filter http:// https://;
sub_filter_types *;
location /protected/ { internal; alias /srv/media/; }`,
		After: `location / {
    proxy_pass http://127.0.0.1:8000;
    sub_filter http:// https://;
    sub_filter_types *;
}
location /protected/ { internal; alias /srv/media/; }`,
		Source: "nginx documentation, ngx_http_sub_module, ngx_http_addition_module",
	},
	Check:    "end-to-end",
	Anyway:   true,
	Symptoms: []string{"proxy-body-altered", "handoff-wrong-content"},
	Explains: []string{"proxy-ranges-broken", "proxy-conditional-broken"},
	Needs:    true,
	Judge:    judge(judgeBodyFilter),
}

func judgeBodyFilter(s *site) *diag.Finding {
	if !s.opens(s.Handoff) {
		return nil
	}
	for _, t := range s.answering() {
		f := s.inForceAt(t, func(d *conf.Directive) bool { return d.Arg(0) != "off" }, "sub_filter", "add_before_body", "add_after_body", "ssi",
			"xslt_stylesheet", "image_filter", "body_filter_by_lua_block", "body_filter_by_lua", "js_body_filter")
		if f != nil {
			return f
		}
	}
	return nil
}
