package check

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var backendHeadMishandled = diag.Rule{
	Doc: diag.Doc{
		Code: "backend-head-mishandled", Part: diag.PartBackend, Severity: diag.Warning,
		Title: "The backend fails HEAD where GET works",
		Text: "Download managers and players ask with HEAD first. The backend answers it with an error or " +
			"without the handoff, so the proxy cannot answer it either.",
		Fix: "Let the download view answer HEAD exactly as GET; the proxy drops the body.",
		Before: `# asked for with HEAD
HTTP/1.1 405 Method Not Allowed`,
		After: `# asked for with HEAD
HTTP/1.1 200 OK
X-Accel-Redirect: /protected/a.bin`,
		Source: "RFC 9110 (HTTP Semantics) section 9.3.2",
	},
	Check:    checkHead,
	Explains: []string{"proxy-method-blocked", "proxy-head-broken"},
	Judge:    judgeHeadMishandled,
}

func judgeHeadMishandled(v *diag.View) []diag.Finding {
	h, p := v.Exchange(diag.BackendHead), v.Exchange(diag.ProxyHead)
	if h == nil || p == nil || !v.Exchange(diag.BackendGet).Answered() || headLikeGet(v, diag.BackendGet, diag.BackendHead) || headLikeGet(v, diag.ProxyGet, diag.ProxyHead) {
		return nil
	}
	detail := fmt.Sprintf("On its own port the backend answers HEAD with %s", status(h))
	if h.Answered() && h.Status == v.Exchange(diag.BackendGet).Status {
		detail += " and without the handoff"
	}
	if !h.Answered() {
		detail = "On its own port the backend does not answer HEAD: " + failure(h)
	}
	return []diag.Finding{{Detail: detail + ".", Evidence: []diag.Evidence{said(h), said(p)}}}
}

// headLikeGet says that the answer to HEAD has GET's status, handoff, type and
// length. The length may be absent (RFC 9110 section 9.3.2).
func headLikeGet(v *diag.View, getID, headID string) bool {
	get, head := v.Exchange(getID), v.Exchange(headID)
	if !get.Answered() || !head.Answered() || head.Failure != nil || head.Status != get.Status || len(head.Handoffs()) != len(get.Handoffs()) {
		return false
	}
	if head.Header.Has("Content-Type") && mediaType(head) != mediaType(get) {
		return false
	}
	handsOff := len(get.Handoffs()) > 0
	if !handsOff && bare(head) && !bare(get) {
		return false
	}
	return handsOff || head.Body.Declared < 0 || get.Body.Declared < 0 || head.Body.Declared == get.Body.Declared
}

// bare says that an answer tells nothing of the file: RFC 9110 section 9.3.2
// lets HEAD leave out some of it, not all.
func bare(x *diag.Exchange) bool {
	for _, name := range []string{"Content-Type", "Content-Length", "ETag", "Last-Modified"} {
		if x.Header.Has(name) {
			return false
		}
	}
	return true
}
