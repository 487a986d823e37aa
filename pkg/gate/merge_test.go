package gate

import (
	"testing"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// TestMerge: one fault is one finding, and tells each mend once.
func TestMerge(t *testing.T) {
	at := &diag.Location{File: "site.conf", Line: 3}
	one := func(fix string) diag.Report {
		return diag.Report{Findings: []diag.Finding{{Code: "c", Location: at, Fix: fix}}}
	}
	var rep diag.Report
	add(&rep, one("move /a/"), "1")
	add(&rep, one("move /b/"), "2")
	add(&rep, one("move /a/"), "3")
	if len(rep.Findings) != 1 || len(rep.Findings[0].Pairs) != 3 || rep.Findings[0].Fix != "move /a/\nmove /b/" {
		t.Errorf("%+v", rep.Findings)
	}
}
