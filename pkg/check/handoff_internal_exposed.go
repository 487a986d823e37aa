package check

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var handoffInternalExposed = diag.Rule{
	Doc: diag.Doc{
		Code: "handoff-internal-exposed", Part: diag.PartHandoff, Severity: diag.Warning,
		Title: "Anyone can fetch the files by the internal URI",
		Text: "A plain GET of the internal URI on the proxy port delivers the file, so the application's " +
			"permission check can be walked around by whoever knows or guesses the name.",
		Fix: "Mark the location of the internal prefix as internal, so that only an internal redirect reaches " +
			"it.",
		Before: "GET /protected/a.bin → 200, the file",
		After:  "GET /protected/a.bin → 404",
		Source: "documentation of internal locations in each server",
	},
	Check:  checkExposure,
	Anyway: true,
	Judge:  judgeInternalExposed,
}

// judgeInternalExposed looks at content, not at the status: an application or
// an error page may answer any URL with 200.
func judgeInternalExposed(v *diag.View) []diag.Finding {
	for _, s := range internalSpellings(v) {
		if x := v.Exchange(s.id); bypasses(v, s.id) {
			return []diag.Finding{{
				Detail:   fmt.Sprintf("GET %s delivers the file to anyone.", x.Request.URL),
				Evidence: []diag.Evidence{said(x)},
			}}
		}
	}
	x, get := v.Exchange(proxyForgedFile), v.Exchange(diag.ProxyGet)
	if x.Answered() && get.Answered() && x.Body.SHA256 == get.Body.SHA256 && x.Body.Length > 0 {
		return []diag.Finding{{
			Detail: fmt.Sprintf("A client that sends %s itself gets the file that it names, whatever it asks for.",
				fields(x)),
			Evidence: []diag.Evidence{said(x)},
		}}
	}
	return nil
}
