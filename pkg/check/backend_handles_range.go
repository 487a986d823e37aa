package check

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var backendHandlesRange = diag.Rule{
	Doc: diag.Doc{
		Code: "backend-handles-range", Part: diag.PartBackend, Severity: diag.Warning,
		Title: "The backend answers ranges itself",
		Text: "Asked for a range, the backend does not hand off with 200 as it does for the whole file: it answers " +
			"206 or 416. Who sends the file has to cut the range out of it: some proxies act on a handoff with " +
			"status 200 only and pass an empty 206 on, others send the whole file as 206.",
		Fix: "Leave Range to the proxy: hand off with status 200, without Content-Range, whatever range is asked " +
			"for. In many frameworks the response class for files is what handles ranges; a plain response with " +
			"the header does not.",
		Before: `# asked for with Range: bytes=0-99
HTTP/1.1 206 Partial Content
X-Sendfile: /srv/media/a.bin
Content-Range: bytes 0-99/163877`,
		After: `# asked for with Range: bytes=0-99
HTTP/1.1 200 OK
X-Sendfile: /srv/media/a.bin`,
		Source: "RFC 9110 (HTTP Semantics) section 14; tried on the real servers",
	},
	Check:    checkRanges,
	Explains: []string{"proxy-ranges-broken"},
	Judge:    judgeHandlesRange,
}

func judgeHandlesRange(v *diag.View) []diag.Finding {
	b := v.Exchange(backendRange)
	if len(v.Exchange(diag.BackendGet).Handoffs()) == 0 || !b.Answered() || b.Status != 206 && b.Status != 416 {
		return nil
	}
	finding := diag.Finding{
		Detail: fmt.Sprintf("For the whole file the backend hands off with %s; asked for a range it answers %s.",
			status(v.Exchange(diag.BackendGet)), status(b)),
		Evidence: []diag.Evidence{said(b)},
	}
	if p := v.Exchange(proxyRangeMiddle); p != nil {
		finding.Detail += fmt.Sprintf(" The client gets %s, body: %s.", answer(p), body(p))
		finding.Evidence = append(finding.Evidence, said(p))
	}
	return []diag.Finding{finding}
}
