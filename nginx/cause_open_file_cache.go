package nginx

import (
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

var openFileCache = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-open-file-cache", Part: diag.PartProxy, Severity: diag.Warning,
		Title: "open_file_cache keeps files that have changed",
		Text: "open_file_cache remembers open files and their sizes for longer than files stay the same: after " +
			"a rewrite the old length is sent, and a file that shrank is cut.",
		Fix: "Shorten open_file_cache_valid, or write `open_file_cache off;` into the internal location; " +
			"replace files by renaming a new one over them.",
		Before: `open_file_cache max=1000;
open_file_cache_valid 1h;
location /protected/ { internal; alias /srv/media/; }`,
		After: `open_file_cache max=1000;
open_file_cache_valid 1h;
location /protected/ { internal; alias /srv/media/; open_file_cache off; }`,
		Source: "nginx documentation, ngx_http_core_module, open_file_cache",
	},
	Check:    "changes",
	Symptoms: []string{"proxy-stale-file"},
	Needs:    true,
	Judge:    judge(judgeOpenFileCache),
}

func judgeOpenFileCache(s *site) *diag.Finding {
	if s.Handoff == nil {
		return nil
	}
	if cache := last(s.Handoff.Inside, "open_file_cache"); cache == nil || cache.Arg(0) == "off" {
		return nil
	}
	return s.inForce(func(d *conf.Directive) bool { return d.Arg(0) != "off" }, "open_file_cache_valid", "open_file_cache")
}
