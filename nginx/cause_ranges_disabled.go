package nginx

import (
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

var rangesDisabled = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-ranges-disabled", Part: diag.PartProxy, Severity: diag.Warning,
		Title: "max_ranges 0 switches ranges off",
		Text: "max_ranges 0 is in force where the files are sent: a broken download begins anew, and players " +
			"cannot seek.",
		Fix:    "Take max_ranges off the internal location, or give it a small number above 0.",
		Before: "max_ranges 0;",
		After:  "max_ranges 5;",
		Source: "nginx documentation, ngx_http_core_module, max_ranges",
	},
	Check:    "ranges",
	Anyway:   true,
	Symptoms: []string{"proxy-ranges-broken"},
	Needs:    true,
	Judge:    judge(judgeRangesDisabled),
}

func judgeRangesDisabled(s *site) *diag.Finding {
	return s.inForce(func(d *conf.Directive) bool { return d.Arg(0) == "0" }, "max_ranges")
}
