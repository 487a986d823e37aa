package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var proxyRedirects = diag.Rule{
	Doc: diag.Doc{
		Code: "proxy-redirects", Part: diag.PartProxy, Severity: diag.Error,
		Title: "The proxy redirects instead of asking the application",
		Text: "The proxy port answers with a redirect of its own: to https, to another host, to a path with a " +
			"slash.",
		Fix: "Give --proxy the URL that the redirect points to; or take the redirect off this location.",
		Before: `HTTP/1.1 301 Moved Permanently
Location: https://example.org/dl/a.bin`,
		After:  "HTTP/1.1 200 OK",
		Source: "RFC 9110 (HTTP Semantics) section 15.4",
	},
	Check:  checkEndToEnd,
	Blocks: true,
	Judge:  proxyRule("proxy-redirects"),
}
