package check

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// The canary: its role, and the id of the probe that listens for it.
const (
	roleCanary  = "canary"
	proxyCanary = "proxy-canary"
)

// canary puts a file of the same name and with other content where a mapping
// that keeps the prefix would look: below the storage, under the prefix by which
// the handoff calls it. It goes only into a folder that was not there before.
// If its content comes, the mapping is known, with no configuration at hand.
var canary = diag.Family{
	Name: "canary",
	When: "the handoff is taken and the file is not found, and the storage has no folder of the prefix's name",
	Plan: func(v *diag.View) diag.Step {
		folder := canaryFolder(v)
		if folder == "" || v.Delivered() || !v.Exchange(diag.ProxyGet).Answered() || v.Exchange(diag.ProxyGet).Status != 404 {
			return diag.Step{}
		}
		step := diag.Step{Put: []diag.Put{{Role: roleCanary, Like: diag.RoleMain, Folder: folder, Size: 4096}}}
		if v.Fixture(roleCanary).OK() {
			step.Probes = []diag.Probe{{ID: proxyCanary, Port: diag.Proxy, Method: "GET", Role: diag.RoleMain, Expect: roleCanary}}
		}
		return step
	},
}

// canaryFolder is the handoff's prefix as a folder below the storage, "" where
// there is none.
func canaryFolder(v *diag.View) string {
	spec, ok := v.Spec()
	if !ok || spec.Dialect.Form != sendfile.URI || v.Stack.Fixed != "" || !v.Stored() || !v.Exchange(diag.BackendGet).HandsOff(spec.Dialect) {
		return ""
	}
	return strings.Trim(spec.Prefix, "/")
}

// keptPrefix says that the canary came: the proxy looks below the storage,
// under the prefix.
func keptPrefix(v *diag.View) bool {
	f := v.Fixture(roleCanary)
	x := v.Exchange(proxyCanary)
	return f.OK() && x.Delivers() && x.Body.Length == f.Size
}
