package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var backendRelativePath = diag.Rule{
	Doc: diag.Doc{
		Code: "backend-relative-path", Part: diag.PartBackend, Severity: diag.Error,
		Title:  "The handoff value lacks its leading slash",
		Text:   "Without the slash the value is glued to something else, and no such file exists.",
		Fix:    "Begin the value with a slash.",
		Before: "X-Accel-Redirect: protected/a.bin",
		After:  "X-Accel-Redirect: /protected/a.bin",
	},
	Check:    checkBackend,
	Blocks:   true,
	Explains: []string{"handoff-*"},
	Judge:    backendRule("backend-relative-path"),
}
