package nginx

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var namedLocationMissing = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-named-location-missing", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "The named location of the handoff does not exist",
		Text: "X-Accel-Redirect names a location by @name, and the server block has none of that name: nginx " +
			"answers 500.",
		Fix: "Define the named location in the same server block, or hand off to a URI.",
		Before: `# X-Accel-Redirect: @files
location @file { … }`,
		After:  "location @files { … }",
		Source: "nginx documentation, ngx_http_proxy_module, X-Accel-Redirect",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"handoff-loop"},
	Judge:    judge(judgeNamedLocationMissing),
}

func judgeNamedLocationMissing(s *site) *diag.Finding {
	if !s.lost() || !strings.HasPrefix(s.value, "@") || s.status() != 500 {
		return nil
	}
	for _, l := range locations(s.download.Server) {
		if _, name := LocationName(l); name == s.value {
			return nil
		}
	}
	f := found(s.download.Server, "The backend hands off to %s; this server block has no location of that name.", s.value)
	if e, logged := s.logged(says("could not find named location")); logged {
		return s.with(f, s.download, e)
	}
	return s.with(f, s.download)
}
