package check

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var proxyHeadBroken = diag.Rule{
	Doc: diag.Doc{
		Code: "proxy-head-broken", Part: diag.PartProxy, Severity: diag.Warning,
		Title: "HEAD tells something else than GET",
		Text: "The proxy answers HEAD with another status, length or type than GET. Clients that plan their " +
			"download by it fail.",
		Fix:    "Let HEAD take the same way as GET through the proxy.",
		Before: "HEAD: Content-Length: 0      GET: Content-Length: 163877",
		After:  "HEAD and GET: Content-Length: 163877",
		Source: "RFC 9110 (HTTP Semantics) section 9.3.2",
	},
	Check: checkHead,
	Judge: judgeHeadBroken,
}

func judgeHeadBroken(v *diag.View) []diag.Finding {
	if list := largeHeadBroken(v); list != nil {
		return list
	}
	p, get := v.Exchange(diag.ProxyHead), v.Exchange(diag.ProxyGet)
	if p == nil || !get.Answered() || blocked(p) || headLikeGet(v, diag.ProxyGet, diag.ProxyHead) || !headLikeGet(v, diag.BackendGet, diag.BackendHead) {
		return nil
	}
	return []diag.Finding{{
		Detail: fmt.Sprintf("The proxy answers HEAD with %s and GET with %s.", answer(p), answer(get)),
		Evidence: []diag.Evidence{{Kind: diag.EvidenceDiff, Text: "HEAD and GET at the proxy port", Probe: diag.ProxyHead, Rows: []diag.Row{
			{Field: "Status", Proxy: answer(p), Expected: answer(get)},
			{Field: "Content-Length", Proxy: p.Header.Get("Content-Length"), Expected: get.Header.Get("Content-Length")},
			{Field: "Content-Type", Proxy: p.Header.Get("Content-Type"), Expected: get.Header.Get("Content-Type")},
		}}},
	}}
}
