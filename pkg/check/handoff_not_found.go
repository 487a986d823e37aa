package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var handoffNotFound = diag.Rule{
	Doc: diag.Doc{
		Code: "handoff-not-found", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "The handoff is taken, but there is no file where the proxy looks",
		Text: "The backend was asked and handed off, and the proxy answers 404: the prefix that the backend " +
			"names is mapped to another folder than the one where the file is, or to none.",
		Fix: "Compare the folder that the proxy opens (its error log names the path) with where the file is, " +
			"and correct the mapping.",
		Before: "handoff: /protected/a.bin → the proxy opens /srv/media/protected/a.bin      the file: /srv/media/a.bin",
		After:  "handoff: /protected/a.bin → the proxy opens /srv/media/a.bin",
		Source: "documentation of X-Accel-Redirect and X-Sendfile in each server",
	},
	Check:  checkEndToEnd,
	Blocks: true,
	Judge:  proxyRule("handoff-not-found"),
}
