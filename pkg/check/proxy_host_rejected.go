package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var proxyHostRejected = diag.Rule{
	Doc: diag.Doc{
		Code: "proxy-host-rejected", Part: diag.PartProxy, Severity: diag.Error,
		Title: "The backend refuses the Host that the proxy sends",
		Text: "The backend answers its own port, and refuses the same download with another Host field, in " +
			"exactly the way that the proxy port shows. Applications have lists of hosts that they accept.",
		Fix: "Make the proxy pass the client's Host on, or add the host that it sends to the application's " +
			"list.",
		Before: `GET /dl/a.bin HTTP/1.1
Host: backend.internal

HTTP/1.1 400 Bad Request`,
		After: `GET /dl/a.bin HTTP/1.1
Host: www.example.org

HTTP/1.1 200 OK`,
		Source: "RFC 9110 (HTTP Semantics) section 7.2",
	},
	Check:  checkEndToEnd,
	Blocks: true,
	Judge:  proxyRule("proxy-host-rejected"),
}
