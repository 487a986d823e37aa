package nginx

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

var namedLocationMissing = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-named-location-missing", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "The named location of the handoff does not exist",
		Text: "X-Accel-Redirect names a location by @name, and the server block has none of that name: nginx " +
			"answers 500.",
		Fix: "Define the named location in the same server block, or hand off to a URI.",
		Before: `# X-Accel-Redirect: @files
location @file {
    rewrite ^/dl/(.*)$ /$1 break;
    root /srv/media;
}`,
		After: `# X-Accel-Redirect: @files
location @files {
    rewrite ^/dl/(.*)$ /$1 break;
    root /srv/media;
}`,
		Source: "nginx documentation, ngx_http_proxy_module, X-Accel-Redirect",
	},
	Check:    "end-to-end",
	Anyway:   true,
	Blocks:   true,
	Symptoms: []string{"handoff-loop"},
	Judge:    judge(judgeNamedLocationMissing),
}

func judgeNamedLocationMissing(s *site) *diag.Finding {
	if !s.Lost() || !strings.HasPrefix(s.Value, "@") || s.Status() != 500 {
		return nil
	}
	for _, l := range locations(s.Download.Server) {
		if _, name := LocationName(l); name == s.Value {
			return nil
		}
	}
	f := s.Found(s.Download.Server, "The backend hands off to %s; this server block has no location of that name.", s.Value)
	if e, logged := s.Logged(cause.Says("could not find named location")); logged {
		return s.With(f, s.Download, e)
	}
	return s.With(f, s.Download)
}
