package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var proxyNotRouted = diag.Rule{
	Doc: diag.Doc{
		Code: "proxy-not-routed", Part: diag.PartProxy, Severity: diag.Error,
		Title: "The request does not reach the application",
		Text: "The proxy answers by itself: another server block or virtual host takes the request, another " +
			"location, or a rule that forbids it. The backend saw nothing.",
		Fix: "Find the location and the server that take this URL and host, and let the download path go to " +
			"the application there.",
		Before: "client: GET /dl/a.bin → 404      backend: saw no request",
		After:  "client: GET /dl/a.bin → 200      backend: saw GET /dl/a.bin",
	},
	Check:    checkEndToEnd,
	Blocks:   true,
	Explains: []string{"proxy-error-masked", "proxy-header-*", "proxy-cache-control-overridden"},
	Judge:    judgeNotRouted,
}

// judgeNotRouted adds to what proxyFault sees a download that works without
// the application: the first request for a new file cannot come from a cache.
func judgeNotRouted(v *diag.View) []diag.Finding {
	if reached, _ := v.Reached(diag.ProxyGet); v.Delivered() && reached == diag.No {
		return []diag.Finding{{
			Detail:   "The proxy delivers the file and does not ask the application, so nobody checks who may have it.",
			Evidence: append([]diag.Evidence{download(v), routing(v)}, hops(v, diag.ProxyGet)...),
		}}
	}
	return proxyRule("proxy-not-routed")(v)
}
