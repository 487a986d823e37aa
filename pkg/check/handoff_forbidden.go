package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var handoffForbidden = diag.Rule{
	Doc: diag.Doc{
		Code: "handoff-forbidden", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "The handoff is taken, and refused",
		Text: "The backend was asked and handed off, and the proxy answers 403: its worker may not read the " +
			"file or a folder above it, or a rule of the internal location refuses.",
		Fix: "Let the proxy's user read the file and enter every folder above it, and take access rules off " +
			"the internal location.",
		Before: `$ ls -ld /srv/media
drwx------ app app /srv/media`,
		After: `$ ls -ld /srv/media
drwxr-x--- app www-data /srv/media`,
		Source: "documentation of X-Accel-Redirect and X-Sendfile in each server",
	},
	Check:  checkEndToEnd,
	Blocks: true,
	Judge:  proxyRule("handoff-forbidden"),
}
