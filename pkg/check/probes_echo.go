package check

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// backendEcho is the id of the probe that asks the backend for the internal URI.
const backendEcho = "backend-echo"

// echo asks the backend port for the internal URI itself. Where no location of
// the proxy takes that URI, the application is asked for it, and what it
// answers is what the client gets.
var echo = diag.Family{
	Name: "echo",
	When: "the user's own backend hands off, and the download does not arrive",
	Plan: func(v *diag.View) diag.Step {
		target := internalURI(v)
		if v.Stack.Companion || v.Delivered() || target == "" || !v.Exchange(diag.ProxyGet).Answered() {
			return diag.Step{}
		}
		return diag.Step{Probes: []diag.Probe{{ID: backendEcho, Port: diag.Backend, Method: "GET", Target: target}}}
	},
}

// echoed says that the proxy shows what the application answers for the
// internal URI. A page that names the proxy's own product proves nothing: the
// backend may be a server of the same kind.
func echoed(v *diag.View) bool {
	p, x := v.Exchange(diag.ProxyGet), v.Exchange(backendEcho)
	if !diag.SameAnswer(p, x) || len(x.Handoffs()) > 0 {
		return false
	}
	// Asked from outside, the internal URI goes to the application as well. Where
	// it does not, something takes it, and the application was asked for another
	// path that it does not know either.
	if i := v.Exchange(diag.ProxyInternal); i.Answered() && !diag.SameAnswer(i, x) {
		return false
	}
	product, _, _ := strings.Cut(p.Header.Get("Server"), "/")
	return product == "" || !strings.Contains(strings.ToLower(string(p.Body.Sample)), strings.ToLower(product))
}
