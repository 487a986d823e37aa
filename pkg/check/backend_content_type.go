package check

import (
	"fmt"
	"mime"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var backendContentType = diag.Rule{
	Doc: diag.Doc{
		Code: "backend-content-type", Part: diag.PartBackend, Severity: diag.Warning,
		Title: "Every file gets the framework's text/html",
		Text: "The backend leaves its framework's default Content-Type on the handoff, and the proxy keeps it: " +
			"browsers show binary files as text, or run them as pages.",
		Fix: "Set the file's own type, or remove Content-Type from the handoff so that the proxy sets it by " +
			"the extension.",
		Before: `Content-Type: text/html; charset=utf-8
X-Accel-Redirect: /protected/a.bin`,
		After: `Content-Type: application/octet-stream
X-Accel-Redirect: /protected/a.bin`,
		Source: "RFC 9110 (HTTP Semantics) section 8.3",
	},
	Check: checkHeaders,
	Judge: judgeContentType,
}

func judgeContentType(v *diag.View) []diag.Finding {
	b, p, f := v.Exchange(diag.BackendGet), v.Exchange(diag.ProxyGet), v.Fixture(diag.RoleMain)
	if !v.Delivered() || len(b.Handoffs()) == 0 || mediaType(b) != "text/html" || mediaType(p) != "text/html" {
		return nil
	}
	if dot := strings.LastIndexByte(f.Name, '.'); dot >= 0 && strings.Contains(mime.TypeByExtension(f.Name[dot:]), "html") {
		return nil
	}
	return []diag.Finding{{
		Detail: fmt.Sprintf("The backend sends Content-Type: %s for %s, and so it arrives.", b.Header.Get("Content-Type"), f.Name),
		Evidence: []diag.Evidence{{Kind: diag.EvidenceDiff, Text: "the type on both ports", Probe: diag.ProxyGet, Rows: []diag.Row{
			{Field: "Content-Type", Backend: b.Header.Get("Content-Type"), Proxy: p.Header.Get("Content-Type"), Expected: "the file's type, or none from the backend"},
		}}},
	}}
}

// mediaType is the Content-Type without its parameters, in lower case.
func mediaType(x *diag.Exchange) string {
	t, _, _ := strings.Cut(x.Header.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(t))
}
