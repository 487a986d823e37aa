package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var proxyTruncated = diag.Rule{
	Doc: diag.Doc{
		Code: "proxy-truncated", Part: diag.PartProxy, Severity: diag.Error,
		Title: "The download is cut off",
		Text: "The client gets the beginning of the file and then nothing: fewer bytes than declared, or than " +
			"the file has.",
		Fix: "Look for timeouts, limits on temporary files and a full disk on the proxy; its error log names " +
			"the reason.",
		Before: "Content-Length: 163877, received: 65536",
		After:  "Content-Length: 163877, received: 163877",
		Source: "RFC 9110 (HTTP Semantics) section 8.6",
	},
	Check:  checkEndToEnd,
	Blocks: true,
	Judge:  proxyRule("proxy-truncated"),
}
