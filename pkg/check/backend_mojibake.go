package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var backendMojibake = diag.Rule{
	Doc: diag.Doc{
		Code: "backend-mojibake", Part: diag.PartBackend, Severity: diag.Error,
		Title: "Accented names are garbled in the handoff",
		Text: "The name's bytes are UTF-8, and the backend writes others: it takes each byte for a character of " +
			"Latin-1 and encodes that again (é becomes Ã©), or it writes the name in a character set that is not " +
			"the storage's.",
		Fix: "Handle names as UTF-8 from the request to the header, and percent-encode their bytes where the proxy " +
			"decodes.",
		Before: "X-Accel-Redirect: /protected/caf%C3%83%C2%A9.bin",
		After:  "X-Accel-Redirect: /protected/caf%C3%A9.bin",
		Source: "RFC 3986 (URI) section 2.5; RFC 9110 (HTTP Semantics) section 5.5",
	},
	Check: checkNames,
	Judge: nameRule("backend-mojibake"),
}
