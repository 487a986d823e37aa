package check

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var handoffTraversal = diag.Rule{
	Doc: diag.Doc{
		Code: "handoff-traversal", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "Files outside the folder can be fetched",
		Text: "A prefix without its final slash is mapped to a folder with one (or the other way round), so " +
			"that “..” behind the prefix leaves the folder: every file beside the storage is served to " +
			"anyone. It is tried with our own file, by way of the storage folder's own name.",
		Fix:    "Let the location and the folder both end with a slash.",
		Before: "GET /media../media/a.bin → 200, the file",
		After:  "GET /media../media/a.bin → 404",
		Source: "documentation of path mapping in each server",
	},
	Check:    checkExposure,
	Anyway:   true,
	Explains: []string{"handoff-internal-exposed"},
	Judge:    judgeTraversal,
}

func judgeTraversal(v *diag.View) []diag.Finding {
	for _, t := range traversals(v) {
		if x := v.Exchange(t.id); bypasses(v, t.id) {
			return []diag.Finding{{
				Detail:   fmt.Sprintf("GET %s delivers the file: the name behind the prefix leaves the folder and comes back into it.", t.target),
				Evidence: []diag.Evidence{said(x)},
			}}
		}
	}
	return nil
}

// bypasses says that a probe got the file without the application. The user's
// own backend may have been asked where it hands off for the same path, or
// sends the file; then the fields tell, if they do, see diag.View.Unmarked.
func bypasses(v *diag.View, id string) bool {
	x, b := v.Exchange(id), v.Exchange(OnBackend(id))
	switch {
	case !x.Delivers():
		return false
	case v.Stack.Companion:
		reached, _ := v.Reached(id)
		return reached == diag.No
	case !b.Answered() || b.Status >= 300 || len(b.Handoffs()) == 0 && !b.Delivers():
		return true
	}
	return v.Unmarked(b, v.Exchange(diag.ProxyGet)) == nil && v.Unmarked(b, x) != nil
}
