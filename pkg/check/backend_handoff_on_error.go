package check

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var backendHandoffOnError = diag.Rule{
	Doc: diag.Doc{
		Code: "backend-handoff-on-error", Part: diag.PartBackend, Severity: diag.Error,
		Title: "The backend hands off together with an error status",
		Text: "For a download that it refuses, or that is not there, the backend answers with an error status " +
			"and a handoff header. Several proxies act on the handoff whatever the status: the client gets " +
			"200 and the file.",
		Fix: "Set the handoff header only where the answer is 200.",
		Before: `HTTP/1.1 403 Forbidden
X-Accel-Redirect: /protected/a.bin`,
		After:  "HTTP/1.1 403 Forbidden",
		Source: "tried on the real servers",
	},
	Check:    checkErrors,
	Explains: []string{"proxy-error-masked"},
	Judge:    judgeHandoffOnError,
}

func judgeHandoffOnError(v *diag.View) []diag.Finding {
	for _, pair := range [][2]string{
		{diag.BackendDenied, diag.ProxyDenied}, {diag.BackendMissing, diag.ProxyMissing}, {diag.BackendGet, diag.ProxyGet}, {backendNotModified, ""},
	} {
		b, p := v.Exchange(pair[0]), v.Exchange(pair[1])
		if !b.Answered() || b.Status < 300 || len(b.Handoffs()) == 0 {
			continue
		}
		h := b.Handoffs()[0]
		finding := diag.Finding{
			Detail:   fmt.Sprintf("The backend answers %s together with %s: %s.", status(b), h.Name, h.Value),
			Evidence: []diag.Evidence{said(b)},
		}
		if b.Status == 304 {
			finding.Severity = diag.Warning // the whole file comes where nothing need come
		}
		if p.Answered() {
			finding.Detail += fmt.Sprintf(" The client gets %s.", status(p))
			finding.Evidence = append(finding.Evidence, said(p))
		}
		return []diag.Finding{finding}
	}
	return nil
}
