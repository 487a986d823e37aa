package check

import (
	"fmt"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/compare"
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
	Explains: []string{"proxy-header-*"},
	Judge:    judgeContentEncoding,
}

func judgeContentEncoding(v *diag.View) []diag.Finding {
	b, p := v.Exchange(diag.BackendGet), v.Exchange(diag.ProxyGet)
	if len(b.Handoffs()) == 0 || !p.Answered() || p.Body.Match != compare.Equal {
		return nil
	}
	coding := b.Header.Get("Content-Encoding")
	if coding == "" || strings.EqualFold(coding, "identity") || p.Header.Get("Content-Encoding") != coding {
		return nil
	}
	return []diag.Finding{{
		Detail: fmt.Sprintf("The backend sends Content-Encoding: %s with an empty body; the client gets the plain file under it.", coding),
		Evidence: []diag.Evidence{{Kind: diag.EvidenceDiff, Text: "the field on both ports", Probe: diag.ProxyGet, Rows: []diag.Row{
			{Field: "Content-Encoding", Backend: coding, Proxy: p.Header.Get("Content-Encoding"), Expected: "no such field"},
		}}},
	}}
}
