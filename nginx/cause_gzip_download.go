package nginx

import (
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

var gzipDownload = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-gzip-download", Part: diag.PartProxy, Severity: diag.Warning,
		Title: "gzip packs the downloads on the fly",
		Text: "gzip is on where the files are sent, and covers their type: the length is lost, ranges are " +
			"refused, and every download costs processor time.",
		Fix: "Write `gzip off;` into the internal location, or take the type out of gzip_types.",
		Before: `gzip on;
gzip_types *;
location /protected/ { internal; alias /srv/media/; }`,
		After:  "location /protected/ { internal; alias /srv/media/; gzip off; }",
		Source: "nginx documentation, ngx_http_gzip_module",
	},
	Check:    "encodings",
	Symptoms: []string{"proxy-compressed-download"},
	Needs:    true,
	Judge:    judge(judgeGzipDownload),
}

func judgeGzipDownload(s *site) *diag.Finding {
	for _, t := range s.answering() {
		if on := last(t.Inside, "gzip"); on == nil || on.Arg(0) != "on" {
			continue
		}
		if f := s.inForceAt(t, func(d *conf.Directive) bool { return true }, "gzip_types", "gzip"); f != nil {
			return f
		}
	}
	return nil
}
