// Package report writes a report in the formats that people and programs read:
// one file a format. A format is a pure function of the report and the options:
// it asks neither the environment nor the terminal.
package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// Options are what a format is told besides the report. The zero value gives
// plain text of 80 columns.
type Options struct {
	// Color allows ANSI colours, for formats that are shown on a terminal.
	Color bool
	// Width is the number of columns, for the same formats. 0 stands for 80;
	// what is outside of 40 to 120 counts as the nearer of the two.
	Width int
	// Root is the folder that the names of files are shown relative to, absolute,
	// for formats that other programs read. Empty: they stay as they are.
	Root string
	// Top is the folder of the repository that Root lies in, absolute, for formats
	// whose readers name files as seen from there. Empty: it is Root.
	Top string
	// FailOn is the least severity that counts as a failure; empty: Warning.
	FailOn diag.Severity
	// Docs are the documentation of the codes, for formats that carry it along.
	Docs []diag.Doc
}

func (o Options) failOn() diag.Severity { return cmp.Or(o.FailOn, diag.Warning) }

// doc is the documentation of a code.
func (o Options) doc(code string) (diag.Doc, bool) {
	i := slices.IndexFunc(o.Docs, func(d diag.Doc) bool { return d.Code == code })
	if i < 0 {
		return diag.Doc{}, false
	}
	return o.Docs[i], true
}

// sentences puts texts one after the other, without those that are empty.
func sentences(list ...string) string {
	return strings.Join(slices.DeleteFunc(list, func(s string) bool { return s == "" }), " ")
}

// Format is one way to write a report.
type Format struct {
	// Name is the value of --format.
	Name string
	// Write writes the whole report. The errors are those of w.
	Write func(w io.Writer, rep diag.Report, o Options) error
	// WriteAll writes the reports on several stacks as one.
	WriteAll func(w io.Writer, reps []diag.Report, o Options) error
}

// eachOf writes several reports one after the other.
func eachOf(write func(io.Writer, diag.Report, Options) error) func(io.Writer, []diag.Report, Options) error {
	return func(w io.Writer, reps []diag.Report, o Options) error {
		for i, rep := range reps {
			if i > 0 {
				if _, err := io.WriteString(w, "\n"); err != nil {
					return err
				}
			}
			if err := write(w, rep, o); err != nil {
				return err
			}
		}
		return nil
	}
}

// oneOf writes a single report as one of several.
func oneOf(write func(io.Writer, []diag.Report, Options) error) func(io.Writer, diag.Report, Options) error {
	return func(w io.Writer, rep diag.Report, o Options) error { return write(w, []diag.Report{rep}, o) }
}

// Worst is the verdict on several stacks: that of the worst one. Of none it is
// healthy.
func Worst(reps []diag.Report) diag.Verdict {
	verdict := diag.Healthy
	for _, rep := range reps {
		switch {
		case rep.Status == diag.Misconfigured:
			return diag.Misconfigured
		case rep.Status != diag.Healthy:
			verdict = rep.Status
		}
	}
	return verdict
}

// tally counts the verdicts on several stacks, the worst first.
func tally(reps []diag.Report) string {
	var list []string
	for _, v := range []diag.Verdict{diag.Misconfigured, diag.Inconclusive, diag.Healthy} {
		n := 0
		for _, rep := range reps {
			if rep.Status == v {
				n++
			}
		}
		if n > 0 {
			list = append(list, fmt.Sprintf("%d %s", n, v))
		}
	}
	return strings.Join(list, ", ")
}

// Formats are all formats; the first is the default.
func Formats() []Format {
	return []Format{
		{Name: "text", Write: writeText, WriteAll: writeTexts},
		{Name: "json", Write: writeJSON, WriteAll: writeJSONs},
		{Name: "junit", Write: oneOf(writeJUnit), WriteAll: writeJUnit},
		{Name: "sarif", Write: oneOf(writeSARIF), WriteAll: writeSARIF},
		{Name: "github", Write: writeGitHub, WriteAll: eachOf(writeGitHub)},
		{Name: "markdown", Write: writeMarkdown, WriteAll: eachOf(writeMarkdown)},
		{Name: "html", Write: oneOf(writeHTML), WriteAll: writeHTML},
	}
}

// Lookup finds a format by its name. The error lists the names that there are.
func Lookup(name string) (Format, error) {
	var names []string
	for _, f := range Formats() {
		if f.Name == name {
			return f, nil
		}
		names = append(names, f.Name)
	}
	return Format{}, fmt.Errorf("there is no format %q: choose one of %s", name, strings.Join(names, ", "))
}
