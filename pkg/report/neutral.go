package report

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// longest is the number of bytes of a single text that are shown.
const longest = 2000

// neutral gives the report with all its texts made harmless for a terminal. A
// report quotes headers, log lines and configurations, and who wrote those may
// wish to write escape sequences. The report that is given stays as it is.
func neutral(rep diag.Report) diag.Report {
	rep.Tool.Name, rep.Tool.Version = Visible(rep.Tool.Name), Visible(rep.Tool.Version)
	rep.Stack.Name = Visible(rep.Stack.Name)
	rep.Stack.Storage = Visible(rep.Stack.Storage)
	rep.Stack.Backend = diag.URL(Visible(string(rep.Stack.Backend)))
	rep.Stack.Proxy = diag.URL(Visible(string(rep.Stack.Proxy)))
	rep.Status = diag.Verdict(Visible(string(rep.Status)))
	rep.Culprit = diag.Part(Visible(string(rep.Culprit)))

	rep.Checks = slices.Clone(rep.Checks)
	for i := range rep.Checks {
		c := &rep.Checks[i]
		c.ID, c.Title, c.Reason = Visible(c.ID), Visible(c.Title), Visible(c.Reason)
		c.Status = diag.Status(Visible(string(c.Status)))
	}
	rep.Notices, rep.Changes = neutralProblems(rep.Notices), neutralProblems(rep.Changes)
	rep.Pairs = slices.Clone(rep.Pairs)
	for i := range rep.Pairs {
		p := &rep.Pairs[i]
		p.Findings = slices.Clone(p.Findings)
		for j := range p.Findings {
			p.Findings[j].Code = Visible(p.Findings[j].Code)
		}
		p.Via, p.To, p.Reason = Visible(p.Via), Visible(p.To), Visible(p.Reason)
	}
	rep.Findings = slices.Clone(rep.Findings)
	for i, f := range rep.Findings {
		rep.Findings[i] = neutralFinding(f)
	}
	return rep
}

func neutralProblems(list []conf.Problem) []conf.Problem {
	list = slices.Clone(list)
	for i := range list {
		p := &list[i]
		p.Pos.File, p.Message = Visible(p.Pos.File), Visible(p.Message)
	}
	return list
}

func neutralFinding(f diag.Finding) diag.Finding {
	f.Code, f.Symptom, f.Title, f.Check = Visible(f.Code), Visible(f.Symptom), Visible(f.Title), Visible(f.Check)
	f.Detail, f.Fix, f.Muted = Visible(f.Detail), Visible(f.Fix), Visible(f.Muted)
	f.Severity, f.Culprit = diag.Severity(Visible(string(f.Severity))), diag.Part(Visible(string(f.Culprit)))
	if f.Location != nil {
		l := neutralLocation(*f.Location)
		f.Location = &l
	}
	f.Pairs = slices.Clone(f.Pairs)
	for i := range f.Pairs {
		f.Pairs[i] = Visible(f.Pairs[i])
	}
	f.Evidence = slices.Clone(f.Evidence)
	for i := range f.Evidence {
		e := &f.Evidence[i]
		e.Kind, e.Text = diag.EvidenceKind(Visible(string(e.Kind))), Visible(e.Text)
		e.Rows, e.Lines = slices.Clone(e.Rows), slices.Clone(e.Lines)
		for j, r := range e.Rows {
			e.Rows[j] = diag.Row{
				Field: Visible(r.Field), Backend: Visible(r.Backend), Proxy: Visible(r.Proxy),
				Expected: Visible(r.Expected), Meaning: Visible(r.Meaning),
			}
		}
		for j, l := range e.Lines {
			e.Lines[j] = neutralLocation(l)
		}
	}
	f.Consequences, f.Possible = neutralConsequences(f.Consequences), neutralConsequences(f.Possible)
	return f
}

func neutralConsequences(list []diag.Consequence) []diag.Consequence {
	list = slices.Clone(list)
	for i, c := range list {
		list[i] = diag.Consequence{Code: Visible(c.Code), Title: Visible(c.Title)}
	}
	return list
}

func neutralLocation(l diag.Location) diag.Location {
	l.File, l.Text = Visible(l.File), Visible(l.Text)
	return l
}

// Visible writes what is not printable as Go would in a string literal:
// control characters, what changes the direction of writing, what has no
// width, bytes that are no UTF-8. Line ends and tabs stay. Of very long texts
// only the beginning is left.
func Visible(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		if i >= longest {
			fmt.Fprintf(&b, "… (%d bytes more)", len(s)-i)
			break
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1, r < 0x20 && r != '\n' && r != '\t', r == 0x7F:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\n' || r == '\t' || unicode.IsPrint(r):
			b.WriteRune(r)
		case r > 0xFFFF:
			fmt.Fprintf(&b, `\U%08x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
		i += n
	}
	return b.String()
}
