package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var proxyTimeout = diag.Rule{
	Doc: diag.Doc{
		Code: "proxy-timeout", Part: diag.PartProxy, Severity: diag.Error,
		Title: "The proxy gives up waiting, or does not answer in time",
		Text: "The proxy answers 504, or nothing at all within the deadline, while the backend answers us on " +
			"its own port in time.",
		Fix: "Compare the proxy's read and connect timeouts with what the backend needs; look for a host and " +
			"port that silently drops connections.",
		Before: "HTTP/1.1 504 Gateway Time-out",
		After:  "HTTP/1.1 200 OK",
		Source: "RFC 9110 (HTTP Semantics) section 15.6.5",
	},
	Check:  checkEndToEnd,
	Blocks: true,
	Judge:  proxyRule("proxy-timeout"),
}
