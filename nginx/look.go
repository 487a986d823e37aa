package nginx

import (
	"path"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/check"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// files are the looks at this machine that the causes need: the stored file,
// the paths that the download and its handoff lead to, and who is to read them.
var files = diag.Family{
	Name: "files",
	When: "a configuration is given, and the storage is a folder",
	Plan: func(v *diag.View) diag.Step {
		s := siteOf(v)
		if s == nil || s.file == nil || s.file.Path == "" || s.download == nil {
			return diag.Step{}
		}
		step := diag.Step{Look: []string{s.file.Path}, Users: []string{s.worker()}}
		for _, t := range append(s.front, s.download, s.handoff) {
			if t == nil {
				continue
			}
			for _, p := range append([]string{t.File}, t.Tried...) {
				if path.IsAbs(p) {
					step.Look = append(step.Look, p)
				}
			}
		}
		return step
	},
}

// hosts asks the backend as nginx does: with the Host that the configuration
// sends.
var hosts = diag.Family{
	Name: "hosts",
	When: "a configuration is given, and the user's own backend may refuse the Host that it sends",
	Plan: func(v *diag.View) diag.Step {
		s := siteOf(v)
		if s == nil || !check.HostMatters(v) || !s.proxiedToBackend(s.download) || s.download.Upstream.Pass.Name != "proxy_pass" {
			return diag.Step{}
		}
		host := s.download.hostSent()
		if host == "" || strings.HasPrefix(host, "unix:") {
			return diag.Step{}
		}
		return diag.Step{Probes: []diag.Probe{{ID: check.BackendConfiguredHost, Port: diag.Backend, Method: "GET", Role: diag.RoleMain, Host: host}}}
	},
}
