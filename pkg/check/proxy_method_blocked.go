package check

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var proxyMethodBlocked = diag.Rule{
	Doc: diag.Doc{
		Code: "proxy-method-blocked", Part: diag.PartProxy, Severity: diag.Warning,
		Title: "The proxy refuses a method",
		Text: "GET works, and HEAD, or POST where --methods asks for it, is refused by the proxy while the backend " +
			"answers it.",
		Fix:    "Allow the method wherever GET is allowed.",
		Before: "HEAD /dl/a.bin → 405",
		After:  "HEAD /dl/a.bin → 200",
		Source: "RFC 9110 (HTTP Semantics) section 9.1",
	},
	Check: checkHead,
	Judge: judgeMethodBlocked,
}

func judgeMethodBlocked(v *diag.View) []diag.Finding {
	if p := v.Exchange(diag.ProxyHead); blocked(p) && headLikeGet(v, diag.BackendGet, diag.BackendHead) {
		return []diag.Finding{methodBlocked(v, p, v.Exchange(diag.BackendHead))}
	}
	if p := v.Exchange(proxyPost); blocked(p) && postLikeGet(v) {
		f := methodBlocked(v, p, v.Exchange(backendPost))
		f.Check = checkPost
		return []diag.Finding{f}
	}
	return nil
}

// methodBlocked is the finding about a method that the backend answers and the
// proxy refuses.
func methodBlocked(v *diag.View, p, b *diag.Exchange) diag.Finding {
	return diag.Finding{
		Detail:   fmt.Sprintf("The proxy answers %s with %s and GET with %s.", p.Request.Method, status(p), status(v.Exchange(diag.ProxyGet))),
		Fix:      fmt.Sprintf("Allow %s wherever GET is allowed.", p.Request.Method),
		Evidence: []diag.Evidence{said(p), said(b)},
	}
}

// blocked says that the answer refuses the method.
func blocked(x *diag.Exchange) bool {
	return x.Answered() && (x.Status == 403 || x.Status == 405 || x.Status == 501)
}
