package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var proxyUnreachable = diag.Rule{
	Doc: diag.Doc{
		Code: "proxy-unreachable", Part: diag.PartProxy, Severity: diag.Error,
		Title: "The proxy is not reached",
		Text: "No proxy answers HTTP where --proxy points: the server is down, listens on another port or " +
			"address, its name does not resolve, the TLS handshake fails, what answers does not speak HTTP, or it " +
			"is the backend itself.",
		Fix: "Start the proxy, or correct the address given with --proxy (scheme and port too).",
		Before: `$ curl http://127.0.0.1:8080/
curl: (7) Failed to connect to 127.0.0.1 port 8080`,
		After: `$ curl -I http://127.0.0.1:8080/
HTTP/1.1 200 OK`,
	},
	Check:    checkEndToEnd,
	Blocks:   true,
	Explains: []string{"handoff-leaked", "backend-not-offloading"},
	Judge:    proxyRule("proxy-unreachable"),
}
