package health

import (
	"cmp"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"
	"time"
)

//go:embed page.tmpl
var pageTemplate string

//go:embed page.css
var pageStyle string

// PageOptions change the page for people.
type PageOptions struct {
	// Style is added behind the page's own, for what More gives.
	Style string
	// More, where not nil, gives what stands below a check; "" for nothing.
	More func(Result) template.HTML
	// Template replaces the page's own; it is executed with a [Page].
	Template *template.Template
}

// Page is what the page's template is executed with.
type Page struct {
	View
	Style    template.CSS
	Headline string
	More     func(Result) template.HTML
}

var ownPage = template.Must(template.New("page").Funcs(PageFuncs()).Parse(pageTemplate))

// PageFuncs are the functions of the page's template: symbol, tone and word of
// a state, ago and duration of times.
func PageFuncs() template.FuncMap {
	return template.FuncMap{
		"symbol": symbol, "tone": tone,
		"ago":      func(now, t time.Time) string { return rounded(max(0, now.Sub(t))).String() + " ago" },
		"duration": func(d time.Duration) string { return rounded(d).String() },
		"stamp":    func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"clock":    func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
		"seconds":  func(d time.Duration) int { return int(d.Seconds()) },
		"oneLine":  oneLine,
	}
}

// symbol and tone show a state: the word always stands beside them.
func symbol(s State) string {
	return map[State]string{Up: "✓", Degraded: "!", Down: "✗"}[orUnknown(s)] + map[bool]string{true: "?"}[orUnknown(s) == Unknown]
}

func tone(s State) string {
	return map[State]string{Up: "good", Degraded: "warning", Down: "bad", Unknown: "undecided"}[orUnknown(s)]
}

func orUnknown(s State) State { return cmp.Or(s, Unknown) }

// HTML writes the page for people: no script, no other file, for light and dark
// screens of any width.
func HTML(o PageOptions) Renderer {
	t := o.Template
	if t == nil {
		t = ownPage
	}
	if o.More == nil {
		o.More = func(Result) template.HTML { return "" }
	}
	return Renderer{Type: "text/html", Render: func(w io.Writer, v View) error {
		style := pageStyle
		if v.Details { // what it is for is not there otherwise
			style += o.Style
		}
		return t.Execute(w, Page{View: v, Style: template.CSS(style), More: o.More, Headline: headline(v)}) //nolint:gosec // it is a file of this package, and what the program adds
	}}
}

// headline says in a sentence how all is.
func headline(v View) string {
	switch {
	case v.Reason != "":
		return v.Reason
	case len(v.Results) == 0 && v.OK:
		return "up"
	case len(v.Results) == 0:
		return "down"
	case v.State == Up:
		return "all checks pass"
	case v.State == Degraded:
		return "it works, and needs attention: " + namesOf(v.Results, Degraded)
	case v.State == Unknown:
		return "not everything was checked yet"
	}
	return "down: " + namesOf(v.Results, Down)
}

// mostNamed is how many checks a headline names.
const mostNamed = 3

// namesOf are the names of the results with a state, for a headline.
func namesOf(results []Result, s State) string {
	var list []string
	for _, r := range results {
		if r.State == s {
			list = append(list, r.Name)
		}
	}
	if more := len(list) - mostNamed; more > 0 {
		return fmt.Sprintf("%s and %d more", strings.Join(list[:mostNamed], ", "), more)
	}
	return strings.Join(list, ", ")
}
