package lighttpd

import (
	"fmt"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

var legacyHeader = diag.Rule{
	Doc: diag.Doc{
		Code: "lighttpd-legacy-header", Part: diag.PartBackend, Severity: diag.Error,
		Title: "The application hands over by a header that lighttpd no longer knows",
		Text: "Older lighttpds took X-LIGHTTPD-send-file, X-LIGHTTPD-send-tempfile and X-Sendfile2; today's act on " +
			"X-Sendfile alone. The client gets the empty answer.",
		Fix:    "Send X-Sendfile with the path of the file.",
		Before: "X-LIGHTTPD-send-file: /srv/media/a.bin",
		After:  "X-Sendfile: /srv/media/a.bin",
		Source: "lighttpd documentation, X-Sendfile",
	},
	Check:    "backend",
	Blocks:   true,
	Symptoms: []string{"backend-wrong-dialect", "handoff-ignored", "handoff-leaked"},
	Judge:    judgeLegacyHeader,
}

// legacy are the headers of older versions.
var legacy = []string{"X-LIGHTTPD-send-file", "X-LIGHTTPD-send-tempfile", "X-Sendfile2"}

// judgeLegacyHeader needs no configuration: that the proxy is lighttpd is
// stated, or it says so itself.
func judgeLegacyHeader(v *diag.View) []diag.Finding {
	b := v.Exchange(diag.BackendGet)
	d, how, known := v.Dialect()
	if !known || d.Name != kindName || !b.Answered() || b.HandsOff(d) || v.Delivered() {
		return nil
	}
	for _, h := range b.Handoffs() {
		for _, name := range legacy {
			if !strings.EqualFold(h.Name, name) {
				continue
			}
			f := diag.Finding{
				Detail:    fmt.Sprintf("The backend sends %s: %s. lighttpd (%s) acts on X-Sendfile.", h.Name, h.Value, how),
				Certainty: cause.Proven,
				Evidence: []diag.Evidence{{Kind: diag.EvidenceExchange, Probe: b.Probe.ID,
					Text: fmt.Sprintf("GET %s → %d, %s: %s", b.Request.URL, b.Status, h.Name, h.Value)}},
			}
			return []diag.Finding{f}
		}
	}
	return nil
}
