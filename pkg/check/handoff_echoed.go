package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var handoffEchoed = diag.Rule{
	Doc: diag.Doc{
		Code: "handoff-echoed", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "The application is asked for the internal URI",
		Text: "No location of the proxy takes the internal URI, so it goes where everything goes: to the " +
			"application, as if it were a page. The client gets the application's answer to that.",
		Fix:    "Add an internal location for the prefix that the backend names, mapped to the storage.",
		Before: "backend sees: GET /dl/a.bin, then GET /protected/a.bin",
		After:  "backend sees: GET /dl/a.bin",
		Source: "documentation of X-Accel-Redirect and X-Sendfile in each server",
	},
	Check:  checkEndToEnd,
	Blocks: true,
	Judge:  proxyRule("handoff-echoed"),
}
