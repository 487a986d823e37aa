package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var backendURINotPath = diag.Rule{
	Doc: diag.Doc{
		Code: "backend-uri-not-path", Part: diag.PartBackend, Severity: diag.Error,
		Title: "The handoff value is a URI where the proxy wants a path on disk",
		Text: "X-Sendfile names a file on the proxy's machine. The backend sends a URI instead; there is no " +
			"such file.",
		Fix:    "Send the file's full path on disk, as the proxy's machine sees it, unescaped.",
		Before: "X-Sendfile: /protected/a.bin",
		After:  "X-Sendfile: /srv/media/a.bin",
	},
	Check:    checkBackend,
	Blocks:   true,
	Explains: []string{"handoff-*"},
	Judge:    backendRule("backend-uri-not-path"),
}
