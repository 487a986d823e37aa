package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var proxyBodyAltered = diag.Rule{
	Doc: diag.Doc{
		Code: "proxy-body-altered", Part: diag.PartProxy, Severity: diag.Error,
		Title: "The download is changed on its way",
		Text: "What arrives begins as the file and then differs, or has something added: a filter of the proxy " +
			"rewrites bodies.",
		Fix:    "Switch filters that replace or add text off for the location that sends the files.",
		Before: "file: <p>http://old/</p>      client: <p>https://new/</p>",
		After:  "file and client: the same bytes",
	},
	Check:  checkEndToEnd,
	Blocks: true,
	Judge:  proxyRule("proxy-body-altered"),
}
