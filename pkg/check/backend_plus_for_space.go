package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var backendPlusForSpace = diag.Rule{
	Doc: diag.Doc{
		Code: "backend-plus-for-space", Part: diag.PartBackend, Severity: diag.Error,
		Title: "Spaces in names become plus signs",
		Text: "The backend encodes names as a form's fields, where a plus sign stands for a space. In a path it " +
			"stands for itself, so files with a space (or a plus sign) in their names are not found.",
		Fix: "Encode a path, not a query: rawurlencode instead of urlencode, quote instead of quote_plus, " +
			"encodeURIComponent.",
		Before: "X-Accel-Redirect: /protected/a+b.bin",
		After:  "X-Accel-Redirect: /protected/a%20b.bin",
		Source: "RFC 3986 (URI) section 2.1; WHATWG URL Standard section 5 (application/x-www-form-urlencoded)",
	},
	Check: checkNames,
	Judge: nameRule("backend-plus-for-space"),
}
