package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

//go:embed html.tmpl
var htmlTemplate string

//go:embed html.css
var htmlStyle string

var htmlPage = template.Must(template.New("report").Funcs(template.FuncMap{
	"oneLine":  oneLine,
	"address":  address,
	"duration": duration,
	"mark":     markOf,
	"pairMark": markOfPair,
	"about":    about,
	"of":       of,
	"place":    place,
	"pieces":   pieces,
	"lines":    func(s string) []string { return strings.Split(s, "\n") },
	"style":    func() template.CSS { return template.CSS(htmlStyle) }, //nolint:gosec // it is a file of this package
}).Parse(htmlTemplate))

// htmlPart is the page's part about a stack, with headings a level lower.
var htmlPart = template.Must(template.Must(htmlPage.Clone()).Parse(
	strings.NewReplacer("<h2", "<h3", "</h2", "</h3", "<h1", "<h2", "</h1", "</h2").Replace(htmlTemplate)))

// HTMLStyle is the stylesheet of the page.
func HTMLStyle() string { return htmlStyle }

// HTMLPart writes what the page shows of one stack, for a page that has a
// heading of its own. id is the beginning of the ids in it.
func HTMLPart(w io.Writer, rep diag.Report, id string) error {
	return htmlPart.ExecuteTemplate(w, "stack", htmlOf(neutral(rep), id))
}

// htmlReport is what is shown of one stack.
type htmlReport struct {
	diag.Report
	ID       string // of its anchors
	Legs     legs
	Verdict  mark
	Headline string
	Faults   []diag.Finding // at warning or above
	Notes    []diag.Finding
	slowest  float64 // check, ms
}

// Name is what the stack is called, with a colon.
func (r htmlReport) Name() string {
	if r.Stack.Name == "" {
		return ""
	}
	return oneLine(r.Stack.Name) + ": "
}

// writeHTML writes reports as one page for a browser: no script, no other
// file, for light and dark screens of any width.
func writeHTML(w io.Writer, reps []diag.Report, _ Options) error {
	page := struct {
		Title   string
		Reports []htmlReport
	}{}
	for i, rep := range reps {
		page.Reports = append(page.Reports, htmlOf(neutral(rep), fmt.Sprintf("stack-%d", i+1)))
	}
	switch len(reps) {
	case 1:
		r := page.Reports[0]
		page.Title = r.Verdict.Symbol + " " + r.Name() + r.Headline
	default:
		page.Title = fmt.Sprintf("%d stacks: %s", len(reps), tally(reps))
	}
	return htmlPage.Execute(w, page)
}

// piece is a stretch of a text, which is code where it stands between backticks.
type piece struct {
	Text string
	Code bool
}

func pieces(text string) []piece {
	parts := strings.Split(text, "`")
	if len(parts)%2 == 0 { // one of them opens nothing
		return []piece{{Text: text}}
	}
	var list []piece
	for i, part := range parts {
		if part != "" {
			list = append(list, piece{part, i%2 == 1})
		}
	}
	return list
}

// Headline is the verdict on a stack in a sentence.
func Headline(rep diag.Report) string {
	switch rep.Status {
	case diag.Healthy:
		return healthyBecause(rep)
	case diag.Misconfigured:
		if len(rep.Findings) == 0 {
			return string(rep.Culprit) + " misconfigured"
		}
		return string(rep.Culprit) + " misconfigured: " + oneLine(rep.Findings[0].Title)
	}
	return "inconclusive: " + undecidedBecause(rep)
}

func htmlOf(rep diag.Report, id string) htmlReport {
	page := htmlReport{Report: rep, ID: id, Legs: legsOf(rep), Verdict: markOf(diag.Unknown), Headline: Headline(rep)}
	switch rep.Status {
	case diag.Healthy:
		page.Verdict = markOf(diag.Pass)
	case diag.Misconfigured:
		page.Verdict = markOf(diag.Fail)
	}
	for _, f := range rep.Findings {
		if f.Counts(diag.Warning) {
			page.Faults = append(page.Faults, f)
		} else {
			page.Notes = append(page.Notes, f)
		}
	}
	for _, c := range rep.Checks {
		page.slowest = max(page.slowest, c.DurationMS)
	}
	return page
}

// Share is the length of a check's bar, in per cent of the slowest one.
func (r htmlReport) Share(ms float64) string {
	if r.slowest <= 0 {
		return "0"
	}
	return fmt.Sprintf("%.1f", 100*ms/r.slowest)
}
