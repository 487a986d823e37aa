package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var backendNameDoubleEncoded = diag.Rule{
	Doc: diag.Doc{
		Code: "backend-name-double-encoded", Part: diag.PartBackend, Severity: diag.Error,
		Title: "Names are escaped twice in the handoff",
		Text: "The backend escapes a name that is escaped already, often that of the request's path, which it did " +
			"not decode. The proxy decodes once and looks for a file whose name has the escapes in it.",
		Fix:    "Decode the name from the request before it is used, and escape it once when it goes into the header.",
		Before: "X-Accel-Redirect: /protected/a%2520b.bin",
		After:  "X-Accel-Redirect: /protected/a%20b.bin",
		Source: "RFC 3986 (URI) section 2.4",
	},
	Check: checkNames,
	Judge: nameRule("backend-name-double-encoded"),
}
