package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var backendWrongDialect = diag.Rule{
	Doc: diag.Doc{
		Code: "backend-wrong-dialect", Part: diag.PartBackend, Severity: diag.Error,
		Title: "The backend speaks another server's handoff",
		Text: "The backend hands off with a header that this proxy does not know: X-Sendfile to a proxy that " +
			"acts on X-Accel-Redirect, or the other way round. The client gets an empty 200, often with the " +
			"header, and so the path, in sight.",
		Fix: "Switch the application to the proxy's header. Most frameworks have one setting for it.",
		Before: `# the proxy acts on X-Accel-Redirect
X-Sendfile: /srv/media/a.bin`,
		After: "X-Accel-Redirect: /protected/a.bin",
	},
	Check:    checkBackend,
	Blocks:   true,
	Explains: []string{"handoff-*"},
	Judge:    backendRule("backend-wrong-dialect"),
}
