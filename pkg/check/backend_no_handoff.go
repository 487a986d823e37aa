package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var backendNoHandoff = diag.Rule{
	Doc: diag.Doc{
		Code: "backend-no-handoff", Part: diag.PartBackend, Severity: diag.Error,
		Title: "The backend answers without a handoff and without the file",
		Text: "The backend port answers 2xx, but the answer has no handoff header and its body is not the " +
			"file. The proxy has nothing to act on.",
		Fix: "Set the handoff header in the application's download view (X-Accel-Redirect or X-Sendfile, as " +
			"the proxy wants it), and leave the body empty.",
		Before: `HTTP/1.1 200 OK
Content-Length: 0`,
		After: `HTTP/1.1 200 OK
X-Accel-Redirect: /protected/a.bin
Content-Length: 0`,
	},
	Check:    checkBackend,
	Blocks:   true,
	Explains: []string{"handoff-*"},
	Judge:    backendRule("backend-no-handoff"),
}
