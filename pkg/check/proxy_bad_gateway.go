package check

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var proxyBadGateway = diag.Rule{
	Doc: diag.Doc{
		Code: "proxy-bad-gateway", Part: diag.PartProxy, Severity: diag.Error,
		Title: "The proxy cannot reach the backend",
		Text: "The proxy answers 502 or 503 while the backend answers us on its own port. The proxy asks " +
			"another host or port, is kept from connecting, or gets an answer that it cannot use. Where only some " +
			"requests end so, one of several upstreams does not answer, and the proxy does not go on to another.",
		Fix: "Compare the upstream address in the proxy's configuration with the backend's; the proxy's error " +
			"log names the address that failed.",
		Before: "upstream 127.0.0.1:8001      (the backend listens on 127.0.0.1:8000)",
		After:  "upstream 127.0.0.1:8000",
		Source: "RFC 9110 (HTTP Semantics) section 15.6.3",
	},
	Check:  checkEndToEnd,
	Blocks: true,
	Explains: []string{
		"proxy-ranges-broken", "proxy-conditional-broken", "proxy-head-broken", "proxy-stale-file", "proxy-error-masked", "proxy-cached-handoff",
		"handoff-name-encoding", "proxy-header-lost",
	},
	Judge: judgeBadGateway,
}

func judgeBadGateway(v *diag.View) []diag.Finding {
	failed := Unsteady(v)
	if failed == nil {
		return proxyRule("proxy-bad-gateway")(v)
	}
	return []diag.Finding{{
		Detail: fmt.Sprintf("Of %d requests for the same file, one after the other, the proxy answered %d with 502; "+
			"the backend answers us each time. It takes turns between several upstreams, and one of them does not answer.", steadyTimes, len(failed)),
		Evidence: []diag.Evidence{said(failed[0]), said(v.Exchange(diag.ProxyGet))},
	}}
}
