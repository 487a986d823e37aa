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
	Check: checkExposure,
	Judge: judgeInternalExposed,
}

// judgeInternalExposed looks at content, not at the status: an application or
// an error page may answer any URL with 200.
func judgeInternalExposed(v *diag.View) []diag.Finding {
	x := v.Exchange(diag.ProxyInternal)
	if !x.Delivers() {
		return nil
	}
	if reached, _ := v.Reached(diag.ProxyInternal); v.Stack.Companion && reached != diag.No {
		return nil // the application was asked, and handed off
	}
	return []diag.Finding{{
		Detail:   fmt.Sprintf("GET %s, the internal URI, delivers the file to anyone.", x.Request.URL),
		Evidence: []diag.Evidence{said(x)},
	}}
}
