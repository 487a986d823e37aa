package nginx

import (
	"path"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/check"
	"github.com/proxydiag/proxydiag/pkg/conf"
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
	return append(paths, s.folders()...), s.worker()
})

// mostFolders limits at how many folders of the configuration is looked.
const mostFolders = 40

// folders are those that root and alias name, which may be links to the storage:
// those of the server block that is asked first.
func (s *site) folders() []string {
	blocks := slices.Clone(s.conf.HTTP.All("server"))
	if s.Download != nil && s.Download.Server != nil {
		blocks = append([]*conf.Directive{s.Download.Server}, blocks...)
	}
	var list []string
	for _, b := range blocks {
		for _, d := range mappingsOf(b) {
			if folder := d.Arg(0); len(list) < mostFolders && path.IsAbs(folder) && !strings.Contains(folder, "$") && !slices.Contains(list, folder) {
				list = append(list, folder)
			}
		}
	}
	return list
}

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
