package check

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var proxyErrorMasked = diag.Rule{
	Doc: diag.Doc{
		Code: "proxy-error-masked", Part: diag.PartProxy, Severity: diag.Warning,
		Title: "An error of the backend becomes a success",
		Text: "For a refused download or a missing file the proxy answers 2xx: a page stands in for the error. " +
			"Clients, crawlers and caches take it for the file.",
		Fix: "Keep the status when replacing error pages, and take fallbacks off the download and internal " +
			"locations.",
		Before: "backend: 404      client: 200, text/html",
		After:  "backend: 404      client: 404",
		Source: "RFC 9110 (HTTP Semantics) section 15",
	},
	Check: checkErrors,
	Judge: judgeErrorMasked,
}

func judgeErrorMasked(v *diag.View) []diag.Finding {
	if !v.Delivered() {
		return nil
	}
	for _, c := range []struct{ what, backend, proxy string }{
		{"a download that the application refuses", diag.BackendDenied, diag.ProxyDenied},
		{"a file that is not there", diag.BackendMissing, diag.ProxyMissing},
	} {
		b, p := v.Exchange(c.backend), v.Exchange(c.proxy)
		if !b.Answered() || !p.Answered() || p.Status/100 != 2 {
			continue
		}
		// A backend that hands off a missing file leaves the 404 to the proxy.
		handedOff := c.proxy == diag.ProxyMissing && len(b.Handoffs()) > 0
		if b.Status < 400 && !handedOff {
			continue
		}
		return []diag.Finding{{
			Detail:   fmt.Sprintf("For %s the backend answers %s, and the client gets %s.", c.what, status(b), status(p)),
			Evidence: []diag.Evidence{said(b), said(p)},
		}}
	}
	return nil
}
