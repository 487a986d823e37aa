package check

import (
	"fmt"
	"net/http"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var proxyPlainAnswerLost = diag.Rule{
	Doc: diag.Doc{
		Code: "proxy-plain-answer-lost", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "An answer without a handoff does not pass",
		Text: "The application answers 200 with a page and without a handoff, and the client gets an error or nothing: " +
			"what acts on handoffs takes every answer for one. Downloads work, and the pages beside them do not.",
		Fix:    "Let only answers that carry the handoff's field be acted on, and pass on the others as they are.",
		Before: "backend: 200 with a page, no handoff      client: 404",
		After:  "backend: 200 with a page, no handoff      client: 200 with the page",
		Source: "RFC 9110 (HTTP Semantics) section 7.7",
	},
	Check:  checkPlain,
	Anyway: true,
	Judge:  judgePlainAnswerLost,
}

func judgePlainAnswerLost(v *diag.View) []diag.Finding {
	x := v.Exchange(proxyPlain)
	if !v.Delivered() || !x.Answered() || len(x.Seen) == 0 || x.Seen[len(x.Seen)-1].Status != http.StatusOK {
		return nil // it never came to the application, or not as it was asked
	}
	if x.Status < 400 && (x.Body.Length > 0 || x.Status != http.StatusOK) {
		return nil
	}
	return []diag.Finding{{
		Detail:   fmt.Sprintf("The application answers a page without a handoff with 200, and the client gets %s.", answer(x)),
		Evidence: []diag.Evidence{seen(x), said(x)},
	}}
}
