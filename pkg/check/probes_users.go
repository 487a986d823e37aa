package check

import "github.com/proxydiag/proxydiag/pkg/diag"

// users asks for the same download as each further user, on both ports, after
// the first one has got it: a cache that does not tell users apart shows here.
var users = diag.Family{
	Name: "users",
	When: "the download works, and --as names further users",
	Plan: func(v *diag.View) diag.Step {
		var step diag.Step
		if !v.Exchange(diag.ProxyAgain).Answered() {
			return step
		}
		for _, u := range v.Stack.As {
			step.Probes = append(step.Probes,
				diag.Probe{ID: asUser(diag.Backend, u), Port: diag.Backend, Method: "GET", Role: diag.RoleMain, As: u.Name},
				diag.Probe{ID: asUser(diag.Proxy, u), Port: diag.Proxy, Method: "GET", Role: diag.RoleMain, As: u.Name})
		}
		return step
	},
}

// asUser is the id of the probe by which a user asks on a port.
func asUser(port diag.Port, u diag.As) string { return string(port) + "-as-" + u.Name }
