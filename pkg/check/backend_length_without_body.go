package check

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var backendLengthWithoutBody = diag.Rule{
	Doc: diag.Doc{
		Code: "backend-length-without-body", Part: diag.PartBackend, Severity: diag.Warning,
		Title: "The backend declares the file's length and sends no body",
		Text: "The handoff's answer has the file's Content-Length and an empty body. A proxy that acts on the " +
			"handoff does not mind; everything else waits for bytes that never come: the backend port " +
			"itself, and the proxy the day the handoff is switched off.",
		Fix: "Send Content-Length: 0, or none, with the handoff.",
		Before: `X-Accel-Redirect: /protected/a.bin
Content-Length: 163877`,
		After: `X-Accel-Redirect: /protected/a.bin
Content-Length: 0`,
		Source: "RFC 9110 (HTTP Semantics) section 8.6",
	},
	Check: checkBackend,
	Judge: judgeLengthWithoutBody,
}

func judgeLengthWithoutBody(v *diag.View) []diag.Finding {
	b := v.Exchange(diag.BackendGet)
	if !b.Answered() || len(b.Handoffs()) == 0 || b.Body.Declared <= 0 || b.Body.Length > 0 {
		return nil
	}
	return []diag.Finding{{
		Detail:   fmt.Sprintf("The backend declares Content-Length: %d beside the handoff, and no byte of a body comes.", b.Body.Declared),
		Evidence: []diag.Evidence{said(b)},
	}}
}
