package nginx

import (
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

var accelIgnored = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-accel-ignored", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "nginx is told to ignore X-Accel-Redirect",
		Text: "proxy_ignore_headers (or its kin of the other protocols) names X-Accel-Redirect in the download " +
			"location: the backend's empty answer is passed on as it is.",
		Fix:    "Take X-Accel-Redirect out of the list.",
		Before: "proxy_ignore_headers X-Accel-Redirect Cache-Control;",
		After:  "proxy_ignore_headers Cache-Control;",
		Source: "nginx documentation, ngx_http_proxy_module, proxy_ignore_headers",
	},
	Check:    "end-to-end",
	Anyway:   true,
	Blocks:   true,
	Symptoms: []string{"handoff-ignored"},
	Explains: []string{"handoff-leaked"},
	Judge:    judge(judgeAccelIgnored),
}

func judgeAccelIgnored(s *site) *diag.Finding {
	u := cause.Upstream(s.Download)
	if !s.Lost() || u == nil || s.Status()/100 != 2 {
		return nil
	}
	for _, d := range s.Download.Effective(strings.TrimSuffix(u.Pass.Name, "_pass") + "_ignore_headers") {
		if slices.ContainsFunc(d.Texts(0), func(name string) bool { return strings.EqualFold(name, header) }) {
			return s.With(s.Found(d, "%s is in force where the download is proxied.", d), s.Download)
		}
	}
	return nil
}
