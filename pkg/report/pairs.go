package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// healthyBecause says what a healthy verdict means.
func healthyBecause(rep diag.Report) string {
	switch {
	case len(rep.Pairs) > 0:
		healthy := count(rep.Pairs, diag.Healthy)
		if healthy == len(rep.Pairs) {
			return fmt.Sprintf("healthy: downloads arrive as they should, by %s", ways(healthy))
		}
		if healthy == 0 {
			return "healthy but for what is muted"
		}
		return fmt.Sprintf("healthy: downloads arrive as they should, by %d of %s", healthy, ways(len(rep.Pairs)))
	case rep.Stack.Proxy == "": // nothing was asked
		return "healthy: the configuration alone shows no fault"
	}
	return "healthy: downloads through the proxy arrive as they should"
}

// ways counts ways of a download.
func ways(n int) string {
	if n == 1 {
		return "1 way"
	}
	return fmt.Sprintf("%d ways", n)
}

func count(pairs []diag.Pair, status diag.Verdict) int {
	n := 0
	for _, p := range pairs {
		if p.Status == status {
			n++
		}
	}
	return n
}

// markOfPair is how the verdict on a pair is shown.
func markOfPair(p diag.Pair) mark {
	switch p.Status {
	case diag.Healthy:
		return markOf(diag.Pass)
	case diag.Misconfigured:
		return markOf(diag.Fail)
	}
	return markOf(diag.Unknown)
}

// about is what a pair shows, in a line: its findings, or why it is not judged.
func about(p diag.Pair) string {
	if len(p.Findings) > 0 {
		var codes []string
		for _, f := range p.Findings {
			codes = append(codes, f.Code)
		}
		return strings.Join(codes, ", ")
	}
	return oneLine(p.Reason)
}

// pairs lists what was tried.
func (p *page) pairs(rep diag.Report) {
	if len(rep.Pairs) == 0 {
		return
	}
	p.heading("Ways of a download")
	for _, pair := range rep.Pairs {
		m := markOfPair(pair)
		head := "  " + p.style(m).Render(m.Symbol) + " "
		p.item(0, head, p.plain, oneLine(pair.Via)+" → "+oneLine(pair.To))
		if text := about(pair); text != "" {
			p.para(4, p.faint, text)
		}
	}
}

// changes lists what the sandbox dealt with.
func (p *page) changes(rep diag.Report) {
	if len(rep.Changes) == 0 {
		return
	}
	p.heading("Not as written")
	for _, c := range rep.Changes {
		p.item(2, "· ", p.plain, changed(c))
	}
}

// changed is a change with its place.
func changed(c conf.Problem) string { return oneLine(c.String()) }

// of says which pairs show a finding, "" where all of them do.
func of(f diag.Finding) string {
	if len(f.Pairs) == 0 {
		return ""
	}
	return "Seen by " + oneLine(strings.Join(f.Pairs, "; ")) + "."
}

func (m *markdown) pairs(rep diag.Report) {
	if len(rep.Pairs) == 0 {
		return
	}
	m.WriteString("\n### Ways of a download\n\n| | way in | way out | |\n|---|---|---|---|\n")
	for _, p := range rep.Pairs {
		fmt.Fprintf(m, "| %s | %s | %s | %s |\n", markdownMarks[markOfPair(p).Word], markdownCell(p.Via), markdownCell(p.To), markdownCell(about(p)))
	}
}

func (m *markdown) changes(list []conf.Problem) {
	if len(list) == 0 {
		return
	}
	m.WriteString("\n### Not as written\n\n")
	for _, c := range list {
		c.Pos.File = relative(m.root, c.Pos.File)
		fmt.Fprintf(m, "- %s\n", markdownText(changed(c)))
	}
}

// junitPairs are the pairs as test cases: a pair fails by its first finding
// that counts.
func junitPairs(rep diag.Report, o Options) []junit.Testcase {
	var list []junit.Testcase
	for _, p := range rep.Pairs {
		t := junit.Testcase{Name: p.Via + " → " + p.To, Classname: "proxydiag.pair"}
		if p.Status == diag.Inconclusive {
			t.Skipped = &junit.Result{Message: about(p)}
		}
		for _, f := range rep.Findings {
			if f.Counts(o.failOn()) && slices.ContainsFunc(p.Findings, func(s diag.Shown) bool { return s.Code == f.Code }) {
				t.Failure, t.Skipped = failure(f), nil
				break
			}
		}
		list = append(list, t)
	}
	return list
}
