package nginx

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/check"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

// files are the looks at this machine that the causes need: at the paths that
// the download and its handoff lead to.
var files = cause.Looks(siteOf, func(s *site) (paths []string, user string) {
	for _, t := range append(s.front, s.Download, s.Handoff) {
		if t != nil {
			paths = append(append(paths, t.File), t.Tried...)
		}
	}
	return paths, s.worker()
})

// hosts asks the backend as nginx does: with the Host that the configuration
// sends.
var hosts = diag.Family{
	Name: "hosts",
	When: "a configuration is given, and the user's own backend may refuse the Host that it sends",
	Plan: func(v *diag.View) diag.Step {
		s := siteOf(v)
		if s == nil || !check.HostMatters(v) || !s.ToBackend(s.Download) || s.Download.Upstream.Pass.Name != "proxy_pass" {
			return diag.Step{}
		}
		host := s.Download.hostSent()
		if host == "" || strings.HasPrefix(host, "unix:") {
			return diag.Step{}
		}
		return diag.Step{Probes: []diag.Probe{{ID: check.BackendConfiguredHost, Port: diag.Backend, Method: "GET", Role: diag.RoleMain, Host: host}}}
	},
}
