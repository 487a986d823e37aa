package check

import (
	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

var proxyHeaderDuplicated = diag.Rule{
	Doc: diag.Doc{
		Code: "proxy-header-duplicated", Part: diag.PartProxy, Severity: diag.Warning,
		Title: "A header field arrives twice",
		Text: "A field that may stand only once comes twice, from the backend and from the proxy. Clients pick " +
			"either one, or refuse the answer.",
		Fix: "Let one side set the field.",
		Before: `Content-Disposition: attachment; filename="a.bin"
Content-Disposition: inline`,
		After:  `Content-Disposition: attachment; filename="a.bin"`,
		Source: "RFC 9110 (HTTP Semantics) section 5.3",
	},
	Check: checkHeaders,
	Judge: judgeDuplicated,
}

func judgeDuplicated(v *diag.View) []diag.Finding {
	return headerFinding(v, "What arrives twice", func(d compare.Difference) bool {
		return d.Verdict == compare.Duplicated
	})
}
