package check

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var handoffLeaked = diag.Rule{
	Doc: diag.Doc{
		Code: "handoff-leaked", Part: diag.PartHandoff, Severity: diag.Warning,
		Title: "The client sees the handoff header",
		Text: "The answer at the proxy port still carries a handoff header: it tells strangers where the files " +
			"lie, and often that the handoff is not acted on.",
		Fix:    "Let the proxy remove the header, or the backend send only the one that the proxy acts on.",
		Before: "client: X-Sendfile: /srv/media/a.bin",
		After:  "client: no such field",
	},
	Check:  checkExposure,
	Anyway: true,
	Judge:  judgeLeaked,
}

func judgeLeaked(v *diag.View) []diag.Finding {
	p := v.Exchange(diag.ProxyGet)
	for _, h := range p.Handoffs() {
		if h.Value != "" {
			return []diag.Finding{{
				Detail:   fmt.Sprintf("The client sees %s: %s.", h.Name, h.Value),
				Evidence: []diag.Evidence{download(v)},
			}}
		}
	}
	return nil
}
