package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/internal/mute"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/report"
)

// outputFlags say how and where a report is written.
type outputFlags struct {
	format, file, failOn string
	mute                 muteFlags
}

func (o *outputFlags) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.format, "format", "text", "format of the report: "+strings.Join(formatNames(), ", "))
	f.StringVarP(&o.file, "output", "o", "", "write the report to `FILE` instead of standard output")
	f.StringVar(&o.failOn, "fail-on", string(diag.Warning), "least `SEVERITY` that makes the exit status 1: "+strings.Join(severities(), ", "))
	complete(cmd, "format", formatNames())
	complete(cmd, "fail-on", severities())
	o.mute.register(cmd)
}

func formatNames() []string {
	var names []string
	for _, format := range report.Formats() {
		names = append(names, format.Name)
	}
	return names
}

func severities() []string {
	return []string{string(diag.Error), string(diag.Warning), string(diag.Info)}
}

// output is where a report goes.
type output struct {
	format  report.Format
	options report.Options
	failOn  diag.Severity
	mute    *muting
	std     io.Writer
	file    *target // nil for std
}

// open checks the flags and that the file can be written, before anything runs.
func (o *outputFlags) open(std streams) (*output, error) {
	format, err := report.Lookup(o.format)
	if err != nil {
		return nil, fmt.Errorf("--format: %w", err)
	}
	failOn, err := parseFailOn(o.failOn)
	if err != nil {
		return nil, err
	}
	out := &output{format: format, failOn: failOn, std: std.out, options: optionsFor(std, failOn)}
	if out.mute, err = o.mute.open(out.options); err != nil {
		return nil, err
	}
	if o.file == "" || o.file == "-" {
		return out, nil
	}
	out.options.Color, out.options.Width = false, 0
	out.file, err = openTarget("-o", "report", o.file, 0o666)
	return out, err
}

// parseFailOn reads the value of --fail-on.
func parseFailOn(text string) (diag.Severity, error) {
	if !slices.Contains(severities(), text) {
		return "", fmt.Errorf("--fail-on %s: choose one of %s", text, strings.Join(severities(), ", "))
	}
	return diag.Severity(text), nil
}

// optionsFor suit standard output: colours and its own width on a terminal,
// colours elsewhere where CLICOLOR_FORCE asks for them.
func optionsFor(std streams, failOn diag.Severity) report.Options {
	o := report.Options{FailOn: failOn}
	o.Root, _ = os.Getwd() // without it the names of files stay as they are
	if top := std.env("GITHUB_WORKSPACE"); filepath.IsAbs(top) {
		o.Top = filepath.Clean(top)
	}
	for _, r := range all.Rules() {
		o.Docs = append(o.Docs, r.Doc)
	}
	if width, ok := std.terminal(std.out); ok {
		o.Color, o.Width = std.env("TERM") != "dumb", width
	}
	// Both are conventions of many programs: https://no-color.org, https://bixense.com/clicolors.
	if force := std.env("CLICOLOR_FORCE"); force != "" && force != "0" {
		o.Color = true
	}
	if std.env("NO_COLOR") != "" {
		o.Color = false
	}
	return o
}

// conclude judges what was observed, writes the report, and returns the exit
// status. What the report has no place for goes to standard error.
func (o *output) conclude(std streams, rec *diag.Record) error {
	reps, err := o.judge(std, rec)
	if err != nil {
		return err
	}
	if err := o.write(func(w io.Writer) error { return o.format.Write(w, reps[0], o.options) }); err != nil {
		return err
	}
	return status(o.failOn, reps...)
}

// concludeAll is conclude for several stacks.
func (o *output) concludeAll(std streams, records []*diag.Record) error {
	reps, err := o.judge(std, records...)
	if err != nil {
		return err
	}
	if err := o.write(func(w io.Writer) error { return o.format.WriteAll(w, reps, o.options) }); err != nil {
		return err
	}
	return status(o.failOn, reps...)
}

// judge gives the reports, with what does not count muted. A comment in the
// configuration that ignores nothing is told where lint would tell it, too: what
// depends on the request may be another stack's.
func (o *output) judge(std streams, records ...*diag.Record) ([]diag.Report, error) {
	var reps []diag.Report
	once := onceOnly{}
	for _, rec := range records {
		tell(std.err, rec)
		rep := all.Judge(rec)
		rules, notices := o.mute.rules(rec.Config)
		rules.Apply(&rep)
		if rec.Config != nil && rec.Config.Failure == "" {
			alone := diag.Judge(&diag.Record{Version: diag.RecordVersion, Config: rec.Config}, staticRules(rec.Config.Kind), nil)
			mute.Rules{Comments: rules.Comments}.Apply(&alone)
			notices = append(notices, rules.Unused(staticCode)...)
		}
		for _, p := range notices {
			if !once.problem(p) {
				fmt.Fprintf(std.err, "proxydiag: warning: %s\n", report.Visible(p.String()))
			}
		}
		rep.Notices = notices
		reps = append(reps, rep)
	}
	return reps, o.mute.settle(reps, std.err)
}

// tell says what a report has no place for.
func tell(w io.Writer, rec *diag.Record) {
	name := "proxydiag: "
	if rec.Stack.Name != "" {
		name += rec.Stack.Name + ": "
	}
	if rec.Interrupted {
		fmt.Fprintln(w, name+interrupted)
	}
	if rec.Log != nil && rec.Log.Failure != "" {
		fmt.Fprintf(w, "%swarning: --error-log %s: it cannot be read: %s; the verdict does without it\n", name, rec.Log.Path, rec.Log.Failure)
	}
	for _, left := range rec.Left {
		fmt.Fprintf(w, "%sa fixture could not be removed; remove it by hand: %s\n", name, left)
	}
}

func (o *output) write(report func(io.Writer) error) error {
	var b bytes.Buffer
	if err := report(&b); err != nil {
		return err
	}
	if o.file == nil {
		_, err := o.std.Write(b.Bytes())
		return err
	}
	return o.file.write(b.Bytes())
}

// discard ends an output that nothing was written to.
func (o *output) discard() { o.file.discard() }

// terminalWidth is the width of a terminal in columns.
func terminalWidth(w io.Writer) (int, bool) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(f.Fd()) {
		return 0, false
	}
	width, _, err := term.GetSize(f.Fd())
	if err != nil || width <= 0 {
		width = 80
	}
	return width, true
}
