package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var handoffIgnored = diag.Rule{
	Doc: diag.Doc{
		Code: "handoff-ignored", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "The proxy does not act on the handoff",
		Text: "The backend hands off as it should, and the client gets an empty answer with status 200: the " +
			"proxy passes the backend's answer on. The mechanism is switched off, not installed, or out of " +
			"scope for this URL.",
		Fix:    "Switch the handoff on in the proxy for the download location.",
		Before: "backend: X-Sendfile: /srv/media/a.bin      client: 200, 0 bytes",
		After:  "backend: X-Sendfile: /srv/media/a.bin      client: 200, 163877 bytes",
		Source: "documentation of X-Accel-Redirect and X-Sendfile in each server",
	},
	Check:    checkEndToEnd,
	Blocks:   true,
	Explains: []string{"handoff-leaked"},
	Judge:    proxyRule("handoff-ignored"),
}
