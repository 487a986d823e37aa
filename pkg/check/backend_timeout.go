package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var backendTimeout = diag.Rule{
	Doc: diag.Doc{
		Code: "backend-timeout", Part: diag.PartBackend, Severity: diag.Error,
		Title: "The backend does not answer in time",
		Text: "The backend port accepts the connection and does not answer within the deadline (--timeout). " +
			"Through the proxy this shows as 504, or 502.",
		Fix: "Find out what the application waits for; raise --timeout if it is meant to be that slow.",
		Before: `$ curl -m 10 http://127.0.0.1:8000/dl/a.bin
curl: (28) Operation timed out`,
		After: `$ curl -w "%{time_total}" http://127.0.0.1:8000/dl/a.bin
0.021`,
	},
	Check:    checkBackend,
	Blocks:   true,
	Explains: []string{"handoff-*", "proxy-bad-gateway", "proxy-timeout"},
	Judge:    backendRule("backend-timeout"),
}
