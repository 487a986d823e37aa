package check

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

var proxyHeaderLost = diag.Rule{
	Doc: diag.Doc{
		Code: "proxy-header-lost", Part: diag.PartProxy, Severity: diag.Warning,
		Title: "A field of the backend is lost or changed",
		Text: "A field that this kind of handoff keeps does not arrive, or arrives with another value: the " +
			"file name offered for saving, the type, cookies, caching.",
		Fix:    "Stop removing or replacing the field where the files are sent.",
		Before: `backend: Content-Disposition: attachment; filename="a.bin"      client: no such field`,
		After:  `backend and client: Content-Disposition: attachment; filename="a.bin"`,
		Source: "tried on the real servers",
	},
	Check: checkHeaders,
	Judge: judgeHeaderLost,
}

func judgeHeaderLost(v *diag.View) []diag.Finding {
	return headerFinding(v, "What is lost or changed", func(d compare.Difference) bool {
		if strings.EqualFold(d.Field, "Cache-Control") && restricts(directives(v.Exchange(diag.ProxyGet))) {
			return false // made stricter, or as strict in other words
		}
		return d.Verdict == compare.Lost || d.Verdict == compare.Changed
	})
}
