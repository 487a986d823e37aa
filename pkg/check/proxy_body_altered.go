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
	Judge:  judgeBodyAltered,
}

// judgeBodyAltered adds to what proxyFault sees a packed body that does not
// unpack to the file.
func judgeBodyAltered(v *diag.View) []diag.Finding {
	if list := wronglyPacked(v); list != nil {
		return list
	}
	return proxyRule("proxy-body-altered")(v)
}
