package check

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var proxyDirectBroken = diag.Rule{
	Doc: diag.Doc{
		Code: "proxy-direct-broken", Part: diag.PartProxy, Severity: diag.Warning,
		Title: "The direct location does not serve the storage",
		Text: "The downloads work, but the location given with --direct, which should serve the storage as it " +
			"is, fails or serves another folder.",
		Fix:    "Correct the folder of the direct location, or the URL given with --direct.",
		Before: "GET /direct/a.bin → 404",
		After:  "GET /direct/a.bin → 200, the file",
	},
	Check: checkDirect,
	Judge: judgeDirectBroken,
}

func judgeDirectBroken(v *diag.View) []diag.Finding {
	x := v.Exchange(diag.DirectGet)
	if !v.Delivered() || x == nil || x.Delivers() {
		return nil
	}
	return []diag.Finding{{
		Detail:   fmt.Sprintf("The download works, and the direct URL answers %s (body: %s).", answer(x), body(x)),
		Evidence: []diag.Evidence{said(x), said(v.Exchange(diag.ProxyGet))},
	}}
}
