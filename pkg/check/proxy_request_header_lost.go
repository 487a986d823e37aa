package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var proxyRequestHeaderLost = diag.Rule{
	Doc: diag.Doc{
		Code: "proxy-request-header-lost", Part: diag.PartProxy, Severity: diag.Error,
		Title: "The application is not sent a field that it needs, and refuses the download",
		Text: "With the fields given by --header (Cookie, Authorization and the like) the backend hands off on its own " +
			"port. Without one of them it refuses, in exactly the way that the proxy port shows: the proxy does " +
			"not pass the field on, or not as it came.",
		Fix: "Let the proxy pass the client's field on to the application: take away what empties, replaces or " +
			"drops it. (A proxy that asks for a login itself may use Authorization up; names with an underscore are often dropped.)",
		Before: "client: Cookie: sid=1      the backend is sent no Cookie      client: 403, “please log in”",
		After:  "client: Cookie: sid=1      the backend is sent Cookie: sid=1      client: 200, the file",
		Source: "RFC 9110 (HTTP Semantics) sections 7.6 and 11; RFC 6265 section 4.2",
	},
	Check:  checkEndToEnd,
	Blocks: true,
	Judge:  proxyRule("proxy-request-header-lost"),
}
