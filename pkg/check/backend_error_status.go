package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var backendErrorStatus = diag.Rule{
	Doc: diag.Doc{
		Code: "backend-error-status", Part: diag.PartBackend, Severity: diag.Error,
		Title: "The backend refuses the download on its own port",
		Text: "Asked directly, the backend answers with an error or a redirect for a file that is in the " +
			"storage, so the proxy never gets a handoff. The reason is in the application: routing, " +
			"permissions, a login, a failure.",
		Fix: "Make the backend answer 200 with the handoff for this URL; the application's log says why it " +
			"does not. If the download needs a login, give one: --header 'Cookie: NAME=VALUE'.",
		Before: "HTTP/1.1 500 Internal Server Error",
		After: `HTTP/1.1 200 OK
X-Accel-Redirect: /protected/a.bin`,
		Source: "RFC 9110 (HTTP Semantics) section 15",
	},
	Check:    checkBackend,
	Blocks:   true,
	Explains: []string{"handoff-*"},
	Judge: func(v *diag.View) []diag.Finding {
		if found := backendRule("backend-error-status")(v); found != nil {
			return found
		}
		return proxyRule("backend-error-status")(v)
	},
}
