package check

import (
	"fmt"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var handoffNameEncoding = diag.Rule{
	Doc: diag.Doc{
		Code: "handoff-name-encoding", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "Files with some names do not arrive",
		Text: "For these names the backend's value is what the proxy should understand, and yet the file does not " +
			"come: a location or a rewrite of the proxy takes only some names, or something on the way decodes or " +
			"escapes once too often. Where the backend names other files for them, or where only files in folders " +
			"do not come, that may be meant: then it is worth knowing, and no fault.",
		Fix: "Look at what matches and rewrites the download's URL and the internal one in the proxy: regular " +
			"expressions that name the allowed characters, captures that go into a URL without being escaped.",
		Before: "X-Accel-Redirect: /protected/a%20b.bin → the proxy: 404",
		After:  "X-Accel-Redirect: /protected/a%20b.bin → the proxy: 200",
		Source: "documentation of X-Accel-Redirect and X-Sendfile in each server",
	},
	Check: checkNames,
	Judge: judgeNameEncoding,
}

func judgeNameEncoding(v *diag.View) []diag.Finding {
	if code, _ := nameFault(v); code != "" {
		return nameRule("handoff-name-encoding")(v)
	}
	_, excused := lostNames(v)
	var what []string
	var lost []lostName
	for _, e := range excused {
		if e.lost != nil {
			what = append(what, fmt.Sprintf("%s (%s)", e.what, e.why))
			lost = append(lost, *e.lost)
		}
	}
	if lost == nil {
		return nil
	}
	return []diag.Finding{{
		Severity: diag.Info,
		Detail:   "The application answers for files whose names have " + strings.Join(what, "; ") + ", and they do not arrive.",
		Fix:      "If the application has such files, look at what it makes of their names, and at which of them the proxy's locations take.",
		Evidence: []diag.Evidence{handedOff(lost)},
	}}
}
