package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var proxyAuthRequired = diag.Rule{
	Doc: diag.Doc{
		Code: "proxy-auth-required", Part: diag.PartProxy, Severity: diag.Error,
		Title: "The proxy asks for a login",
		Text: "The proxy answers 401 by itself, before the application is asked, which answers its own port " +
			"without a login.",
		Fix: "If the login is meant, pass one with --header; if the application does its own checks, take the " +
			"proxy's login off the download location.",
		Before: `HTTP/1.1 401 Unauthorized
WWW-Authenticate: Basic realm="closed"`,
		After:  "HTTP/1.1 200 OK",
		Source: "RFC 9110 (HTTP Semantics) section 15.5.2",
	},
	Check:  checkEndToEnd,
	Blocks: true,
	Judge:  proxyRule("proxy-auth-required"),
}
