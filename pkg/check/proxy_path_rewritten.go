package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var proxyPathRewritten = diag.Rule{
	Doc: diag.Doc{
		Code: "proxy-path-rewritten", Part: diag.PartProxy, Severity: diag.Error,
		Title: "The proxy asks the backend for another path",
		Text: "The request reaches the backend with a path that is not the one it should be asked for: a " +
			"prefix is cut off, added or doubled on the way.",
		Fix: "Make the proxy pass the path on as it came. A URI part behind the upstream's address usually " +
			"replaces the prefix.",
		Before: "client: GET /dl/a.bin      backend sees: GET /a.bin",
		After:  "client: GET /dl/a.bin      backend sees: GET /dl/a.bin",
	},
	Check:  checkEndToEnd,
	Blocks: true,
	Judge:  judgePathRewritten,
}

// judgePathRewritten also looks at names that arrive changed at the backend
// where others do not.
func judgePathRewritten(v *diag.View) []diag.Finding {
	if found := proxyRule("proxy-path-rewritten")(v); found != nil {
		return found
	}
	return nameRule("proxy-path-rewritten")(v)
}
