package check

import "github.com/proxydiag/proxydiag/pkg/diag"

// mainSize is the size of the main fixture in bytes: more than the buffers of
// a proxy hold, and no round number, so that a cut shows.
const mainSize = 160<<10 + 37

// delivery is the download itself: the main fixture is put, then asked for on
// the proxy port and on the backend port.
var delivery = diag.Family{
	Name:    "delivery",
	Profile: diag.Quick,
	Plan: func(v *diag.View) diag.Step {
		step := diag.Step{Put: []diag.Put{{Role: diag.RoleMain, Ext: ".bin", Size: mainSize}}}
		if v.Stored() {
			step.Probes = []diag.Probe{
				{ID: diag.ProxyGet, Port: diag.Proxy, Method: "GET", Role: diag.RoleMain},
				{ID: diag.BackendGet, Port: diag.Backend, Method: "GET", Role: diag.RoleMain},
			}
		}
		return step
	},
}

// repeat asks the same again: fields that differ between two answers are
// volatile, and a replayed answer shows here first.
var repeat = diag.Family{
	Name:    "repeat",
	Profile: diag.Quick,
	When:    "the port answered",
	Plan: func(v *diag.View) diag.Step {
		var step diag.Step
		if v.Delivered() {
			step.Probes = append(step.Probes, diag.Probe{ID: diag.ProxyAgain, Port: diag.Proxy, Method: "GET", Role: diag.RoleMain})
		}
		if v.Exchange(diag.BackendGet).Answered() {
			step.Probes = append(step.Probes, diag.Probe{ID: diag.BackendAgain, Port: diag.Backend, Method: "GET", Role: diag.RoleMain})
		}
		return step
	},
}
