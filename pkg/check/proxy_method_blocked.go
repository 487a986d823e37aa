package check

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var proxyMethodBlocked = diag.Rule{
	Doc: diag.Doc{
		Code: "proxy-method-blocked", Part: diag.PartProxy, Severity: diag.Warning,
		Title:  "The proxy refuses HEAD",
		Text:   "GET works, and HEAD is refused by the proxy while the backend answers it.",
		Fix:    "Allow HEAD wherever GET is allowed.",
		Before: "HEAD /dl/a.bin → 405",
		After:  "HEAD /dl/a.bin → 200",
		Source: "RFC 9110 (HTTP Semantics) section 9.1",
	},
	Check: checkHead,
	Judge: judgeMethodBlocked,
}

func judgeMethodBlocked(v *diag.View) []diag.Finding {
	p := v.Exchange(diag.ProxyHead)
	if !blocked(p) || !headLikeGet(v, diag.BackendGet, diag.BackendHead) {
		return nil
	}
	return []diag.Finding{{
		Detail:   fmt.Sprintf("The proxy answers HEAD with %s and GET with %s.", status(p), status(v.Exchange(diag.ProxyGet))),
		Evidence: []diag.Evidence{said(p), said(v.Exchange(diag.BackendHead))},
	}}
}

// blocked says that the answer refuses the method.
func blocked(x *diag.Exchange) bool {
	return x.Answered() && (x.Status == 403 || x.Status == 405 || x.Status == 501)
}
