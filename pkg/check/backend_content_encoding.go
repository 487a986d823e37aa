package check

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var backendContentEncoding = diag.Rule{
	Doc: diag.Doc{
		Code: "backend-content-encoding", Part: diag.PartBackend, Severity: diag.Error,
		Title: "The backend marks an empty body as compressed",
		Text: "A compression middleware adds Content-Encoding to the handoff's empty body. The proxy puts the " +
			"uncompressed file under that mark, and no client can decode it.",
		Fix: "Exclude downloads from the application's compression middleware.",
		Before: `X-Sendfile: /srv/media/a.bin
Content-Encoding: gzip`,
		After:  "X-Sendfile: /srv/media/a.bin",
		Source: "RFC 9110 (HTTP Semantics) section 8.4",
	},
	Check:    checkHeaders,
	Explains: []string{"proxy-header-*", "proxy-ranges-broken"},
	Judge:    judgeContentEncoding,
}

func judgeContentEncoding(v *diag.View) []diag.Finding {
	for _, pair := range [][2]string{{diag.BackendGet, diag.ProxyGet}, {backendGzip, proxyGzip}} {
		b, p := v.Exchange(pair[0]), v.Exchange(pair[1])
		mark := coding(b)
		if len(b.Handoffs()) == 0 || mark == "" || coding(p) != mark || !mislabelled(p) {
			continue // many proxies remove the mark
		}
		return []diag.Finding{{
			Detail: fmt.Sprintf("The backend sends Content-Encoding: %s with the handoff; the client gets the plain file under it.", mark),
			Evidence: []diag.Evidence{{Kind: diag.EvidenceDiff, Text: "the field on both ports", Probe: pair[1], Rows: []diag.Row{
				{Field: "Content-Encoding", Backend: mark, Proxy: p.Header.Get("Content-Encoding"), Expected: "no such field"},
			}}},
		}}
	}
	return nil
}
