package nginx

import "github.com/proxydiag/proxydiag/pkg/diag"

var addHeaderLost = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-add-header-lost", Part: diag.PartProxy, Severity: diag.Info,
		Title: "add_header of the download location never reaches the files",
		Text: "Fields that are added in the download location are for answers that come from there. The file " +
			"is sent from the internal location, with what is in force in that one.",
		Fix: "Repeat the fields in the internal location, or set them in the server block and in neither " +
			"location.",
		Before: `location /dl/ { proxy_pass http://127.0.0.1:8000; add_header X-Frame-Options DENY; }
location /protected/ { internal; alias /srv/media/; }`,
		After:  "location /protected/ { internal; alias /srv/media/; add_header X-Frame-Options DENY; }",
		Source: "nginx documentation, ngx_http_headers_module",
	},
	Check: "headers",
	Judge: judge(judgeAddHeaderLost),
}

func judgeAddHeaderLost(s *site) *diag.Finding {
	if s.Handoff == nil || !s.Delivered() || s.Handoff.Inside == nil {
		return nil
	}
	for _, d := range s.Download.Effective("add_header") {
		if d.Parent != nil && d.Parent.Name == "location" && adds(s.Handoff, d.Arg(0)) == nil && !s.Exchange(diag.ProxyGet).Header.Has(d.Arg(0)) {
			return s.With(s.Found(d, "%s is in force in %s, and not in %s, from where the file is sent.",
				d, blockName(s.Download.Location), blockName(s.Handoff.Location)), s.Handoff)
		}
	}
	return nil
}
