package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var backendDotdot = diag.Rule{
	Doc: diag.Doc{
		Code: "backend-dotdot", Part: diag.PartBackend, Severity: diag.Error,
		Title: "The handoff value has a “..” segment",
		Text:  "Proxies refuse “..” in a handoff, since it would leave the folder that is meant.",
		Fix: "Resolve the path in the application before it goes into the header, and check that it stays " +
			"below the storage's root.",
		Before: "X-Accel-Redirect: /protected/2024/../a.bin",
		After:  "X-Accel-Redirect: /protected/a.bin",
	},
	Check:    checkBackend,
	Blocks:   true,
	Explains: []string{"handoff-*"},
	Judge:    backendRule("backend-dotdot"),
}
