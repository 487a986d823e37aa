package gate

import (
	"testing"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// TestMergeByFix: of one fault with two mends each is told, one with one mend once.
func TestMergeByFix(t *testing.T) {
	at := &diag.Location{File: "site.conf", Line: 3}
	one := func(fix string) diag.Report {
		return diag.Report{Findings: []diag.Finding{{Code: "c", Location: at, Fix: fix}}}
	}
	var rep diag.Report
	add(&rep, one("move /a/"), "1")
	add(&rep, one("move /b/"), "2")
	add(&rep, one("move /a/"), "3")
	if len(rep.Findings) != 2 || len(rep.Findings[0].Pairs) != 2 {
		t.Errorf("%+v", rep.Findings)
	}
}
