package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var handoffLoop = diag.Rule{
	Doc: diag.Doc{
		Code: "handoff-loop", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "The internal redirect fails within the proxy",
		Text: "The proxy takes the handoff and ends with status 500. Often the internal URI goes to the " +
			"backend again, which hands off again, until the proxy breaks the cycle; or the handoff names a " +
			"location that does not exist.",
		Fix: "Map the internal prefix to a folder in a location of its own that is never proxied; the proxy's " +
			"error log names the reason.",
		Before: "backend sees: GET /dl/a.bin, GET /protected/a.bin, GET /protected/a.bin, …      client: 500",
		After:  "backend sees: GET /dl/a.bin      client: 200",
		Source: "documentation of X-Accel-Redirect and X-Sendfile in each server",
	},
	Check:  checkEndToEnd,
	Blocks: true,
	Judge:  proxyRule("handoff-loop"),
}
