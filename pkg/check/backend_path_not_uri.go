package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var backendPathNotURI = diag.Rule{
	Doc: diag.Doc{
		Code: "backend-path-not-uri", Part: diag.PartBackend, Severity: diag.Error,
		Title: "The handoff value is a path on disk where the proxy wants a URI",
		Text: "X-Accel-Redirect names a URI of the proxy, which its own configuration maps to a folder. The " +
			"backend sends the file's path on disk instead; no location has that name.",
		Fix: "Send the internal URI: replace the storage's folder in the value by the internal location's " +
			"prefix.",
		Before: "X-Accel-Redirect: /srv/media/a.bin",
		After:  "X-Accel-Redirect: /protected/a.bin",
	},
	Check:    checkBackend,
	Blocks:   true,
	Explains: []string{"handoff-*"},
	Judge:    backendRule("backend-path-not-uri"),
}
