package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var backendHeaderJunk = diag.Rule{
	Doc: diag.Doc{
		Code: "backend-header-junk", Part: diag.PartBackend, Severity: diag.Error,
		Title: "The handoff value has quotes or other characters around it",
		Text: "Quotes, a semicolon or a space at an end of the value are taken for a part of the name, and no " +
			"such file exists.",
		Fix:    "Write the bare value into the header.",
		Before: `X-Accel-Redirect: "/protected/a.bin"`,
		After:  "X-Accel-Redirect: /protected/a.bin",
	},
	Check:    checkBackend,
	Blocks:   true,
	Explains: []string{"handoff-*"},
	Judge:    backendRule("backend-header-junk"),
}
