package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var backendHeaderEmpty = diag.Rule{
	Doc: diag.Doc{
		Code: "backend-header-empty", Part: diag.PartBackend, Severity: diag.Error,
		Title: "The handoff header is empty",
		Text: "The backend sends the handoff header without a value, usually because the file's URL or path " +
			"was not found by the application.",
		Fix:    "Give the header its value: the internal URI (X-Accel-Redirect) or the file's path (X-Sendfile).",
		Before: "X-Accel-Redirect:",
		After:  "X-Accel-Redirect: /protected/a.bin",
	},
	Check:    checkBackend,
	Blocks:   true,
	Explains: []string{"handoff-*"},
	Judge:    backendRule("backend-header-empty"),
}
