package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var backendNameEncoded = diag.Rule{
	Doc: diag.Doc{
		Code: "backend-name-encoded", Part: diag.PartBackend, Severity: diag.Error,
		Title: "Names are escaped in the handoff, and the proxy does not decode it",
		Text: "This proxy takes the value for the file's name as it is. The backend percent-encodes it, so that " +
			"names with spaces, accents and other special characters are not found.",
		Fix: "Write the file's name into the header as it is on disk, or let the proxy decode it where its version " +
			"can.",
		Before: "X-Sendfile: /srv/media/a%20b.bin",
		After:  "X-Sendfile: /srv/media/a b.bin",
		Source: "documentation of X-Sendfile in each server; tried on the real servers",
	},
	Check: checkNames,
	Judge: nameRule("backend-name-encoded"),
}
