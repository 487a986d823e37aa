package check

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var backendNotOffloading = diag.Rule{
	Doc: diag.Doc{
		Code: "backend-not-offloading", Part: diag.PartBackend, Severity: diag.Warning,
		Title: "The backend streams the file itself",
		Text: "The download works, and the backend port delivers the file's bytes without a handoff: every " +
			"download keeps a worker of the application busy, and passes through twice.",
		Fix: "Switch the handoff on in the application (many frameworks only do so with a setting), and leave " +
			"the body empty.",
		Before: `HTTP/1.1 200 OK
Content-Length: 163877

…the file…`,
		After: `HTTP/1.1 200 OK
X-Accel-Redirect: /protected/a.bin
Content-Length: 0`,
	},
	Check: checkOffload,
	Judge: judgeNotOffloading,
}

func judgeNotOffloading(v *diag.View) []diag.Finding {
	b := v.Exchange(diag.BackendGet)
	if !b.Delivers() || b.Body.Length == 0 || len(b.Handoffs()) > 0 {
		return nil
	}
	return []diag.Finding{{
		Detail:   fmt.Sprintf("The backend port delivers all %s of the file itself, without a handoff.", bytes(b.Body.Length)),
		Evidence: []diag.Evidence{said(b)},
	}}
}
