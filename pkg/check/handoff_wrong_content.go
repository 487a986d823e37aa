package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var handoffWrongContent = diag.Rule{
	Doc: diag.Doc{
		Code: "handoff-wrong-content", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "The handoff delivers something else with status 200",
		Text: "The backend was asked and handed off, and the client gets another file or a page: a fallback " +
			"that turns a missing file into a page, or a mapping to another folder with the same names.",
		Fix: "Take fallbacks (index pages, error pages with status 200) off the internal location, and " +
			"correct its folder.",
		Before: "client: 200, text/html, 512 bytes      file: 163877 bytes",
		After:  "client: 200, 163877 bytes, the file",
		Source: "documentation of X-Accel-Redirect and X-Sendfile in each server",
	},
	Check:  checkEndToEnd,
	Blocks: true,
	Judge:  proxyRule("handoff-wrong-content"),
}
