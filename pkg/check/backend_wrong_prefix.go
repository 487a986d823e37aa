package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var backendWrongPrefix = diag.Rule{
	Doc: diag.Doc{
		Code: "backend-wrong-prefix", Part: diag.PartBackend, Severity: diag.Error,
		Title: "The handoff value does not name the file as agreed",
		Text: "The value differs from what --sendfile states: another prefix than the proxy's internal " +
			"location or allowed folder has, or another file.",
		Fix: "Make the application's prefix and the proxy's the same. If --sendfile is what is wrong, correct " +
			"it.",
		Before: `# --sendfile says /protected/
X-Accel-Redirect: /internal/a.bin`,
		After: "X-Accel-Redirect: /protected/a.bin",
	},
	Check:    checkBackend,
	Blocks:   true,
	Explains: []string{"handoff-*"},
	Judge:    backendRule("backend-wrong-prefix"),
}
