package check

import "github.com/proxydiag/proxydiag/pkg/diag"

// direct asks the location that serves the storage as it is.
var direct = diag.Family{
	Name:    "direct",
	Profile: diag.Quick,
	When:    "--direct is given",
	Plan: func(v *diag.View) diag.Step {
		if v.Stack.Direct == "" || !v.Stored() {
			return diag.Step{}
		}
		return diag.Step{Probes: []diag.Probe{{ID: diag.DirectGet, Port: diag.Direct, Method: "GET", Role: diag.RoleMain}}}
	},
}
