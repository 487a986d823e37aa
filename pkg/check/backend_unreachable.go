package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var backendUnreachable = diag.Rule{
	Doc: diag.Doc{
		Code: "backend-unreachable", Part: diag.PartBackend, Severity: diag.Error,
		Title: "The backend does not answer on its own port",
		Text: "Nothing answers HTTP where --backend points: the application is down, listens elsewhere, or its " +
			"name or certificate is wrong. The proxy then answers 502 or 503, and is not to blame.",
		Fix: "Start the application, or correct the address given with --backend.",
		Before: `$ curl http://127.0.0.1:8000/dl/a.bin
curl: (7) Failed to connect to 127.0.0.1 port 8000`,
		After: `$ curl -I http://127.0.0.1:8000/dl/a.bin
HTTP/1.1 200 OK`,
	},
	Check:    checkBackend,
	Blocks:   true,
	Explains: []string{"handoff-*", "proxy-bad-gateway", "proxy-timeout"},
	Judge:    backendRule("backend-unreachable"),
}
