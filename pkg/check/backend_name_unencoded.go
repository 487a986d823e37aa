package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var backendNameUnencoded = diag.Rule{
	Doc: diag.Doc{
		Code: "backend-name-unencoded", Part: diag.PartBackend, Severity: diag.Error,
		Title: "Names with special characters go into the handoff as they are",
		Text: "The proxy decodes the handoff: “%” begins an escape in it, and in a URI “?” ends the path. The " +
			"backend writes the file's name into it unescaped, so that files with such characters in their names " +
			"are not found; all others are. The same comes of decoding the request's path once too often.",
		Fix:    "Percent-encode the file's name, by UTF-8 and without its slashes, when it goes into the header.",
		Before: "X-Accel-Redirect: /protected/100%.bin",
		After:  "X-Accel-Redirect: /protected/100%25.bin",
		Source: "RFC 3986 (URI) section 2.1; documentation of X-Accel-Redirect and X-Sendfile in each server",
	},
	Check: checkNames,
	Judge: nameRule("backend-name-unencoded"),
}
