package check

import (
	"fmt"
	"time"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var storageVisibleLate = diag.Rule{
	Doc: diag.Doc{
		Code: "storage-visible-late", Part: diag.PartStorage, Severity: diag.Info,
		Title: "The storage shows only later what was written",
		Text: "A fixture was put, or rewritten, and the storage gave back nothing, or the content from before, for " +
			"some time: it is eventually consistent, or a cache stands before it. All else was judged after it " +
			"was there. A download that is asked for right after an upload may meet the same.",
		Fix: "Have the application wait until the storage shows a file before it hands the file off, or use a " +
			"storage, or an endpoint of it, that shows at once what was written.",
		Before: "PUT /bucket/a.pdf → 200, GET /bucket/a.pdf → 404, one second later → 200",
		After:  "PUT /bucket/a.pdf → 200, GET /bucket/a.pdf → 200",
		Source: "the storage, read after each write",
	},
	Check: checkStorage,
	Judge: func(v *diag.View) []diag.Finding {
		for i := range v.Record.Fixtures {
			f := &v.Record.Fixtures[i]
			if f.SettledMS == 0 || !f.OK() {
				continue
			}
			was := "put"
			if f.Rewrites != "" {
				was = "rewritten"
			}
			took := time.Duration(f.SettledMS * float64(time.Millisecond)).Round(10 * time.Millisecond)
			return []diag.Finding{{
				Detail: fmt.Sprintf("A fixture in %s could be read back only %s after it was %s.", v.Stack.Storage, took, was),
				Evidence: []diag.Evidence{{
					Kind: diag.EvidenceFile, Text: fmt.Sprintf("%s: %s, and as written %s later", f.Name, was, took),
				}},
			}}
		}
		return nil
	},
}
