package check

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// exposure asks the proxy port for the internal URI itself, as a stranger would
// who has seen or guessed it.
var exposure = diag.Family{
	Name: "exposure",
	When: "the backend named an internal URI",
	Plan: func(v *diag.View) diag.Step {
		target := internalURI(v)
		if target == "" || !v.Exchange(diag.ProxyGet).Answered() {
			return diag.Step{}
		}
		return diag.Step{Probes: []diag.Probe{{ID: diag.ProxyInternal, Port: diag.Proxy, Method: "GET", Target: target}}}
	},
}

// internalURI is the URI that the backend hands off to, "" where the handoff
// names a file or no URI of the proxy, or where it is the download URL itself.
func internalURI(v *diag.View) string {
	d, _, ok := v.Dialect()
	b := v.Exchange(diag.BackendGet)
	if !ok || d.Form != sendfile.URI || !b.HandsOff(d) {
		return ""
	}
	value := b.Header.Get(d.Header)
	if !strings.HasPrefix(value, "/") || strings.HasPrefix(value, "//") || strings.HasPrefix(value, v.Stack.Proxy.Base()) {
		return ""
	}
	if strings.ContainsAny(value, " \"<>\\^`{|}#") || strings.Contains(value, "/../") {
		return "" // not what could be sent as a request target (RFC 9112 section 3.2)
	}
	return value
}
