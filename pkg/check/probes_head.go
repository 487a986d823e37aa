package check

import "github.com/proxydiag/proxydiag/pkg/diag"

// head asks for the header alone on both ports (RFC 9110 section 9.3.2).
var head = diag.Family{
	Name:    "head",
	Profile: diag.Quick,
	When:    "the download works",
	Plan: func(v *diag.View) diag.Step {
		if !v.Delivered() || !v.Exchange(diag.BackendGet).Answered() {
			return diag.Step{}
		}
		return diag.Step{Probes: []diag.Probe{
			{ID: diag.BackendHead, Port: diag.Backend, Method: "HEAD", Role: diag.RoleMain},
			{ID: diag.ProxyHead, Port: diag.Proxy, Method: "HEAD", Role: diag.RoleMain},
		}}
	},
}
