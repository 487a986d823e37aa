package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var backendAbsoluteURL = diag.Rule{
	Doc: diag.Doc{
		Code: "backend-absolute-url", Part: diag.PartBackend, Severity: diag.Error,
		Title: "The handoff value is a whole URL",
		Text: "The value has a scheme and a host. It must be a path: an internal redirect stays within the " +
			"proxy.",
		Fix:    "Send the path alone. To hand off to another host, name an internal location that proxies to it.",
		Before: "X-Accel-Redirect: https://files.example.org/protected/a.bin",
		After:  "X-Accel-Redirect: /protected/a.bin",
	},
	Check:    checkBackend,
	Blocks:   true,
	Explains: []string{"handoff-*"},
	Judge:    backendRule("backend-absolute-url"),
}
