package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/cobra"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/report"
)

// outputFlags say how and where a report is written.
type outputFlags struct {
	format, file, failOn string
}

func (o *outputFlags) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.format, "format", "text", "format of the report: "+strings.Join(formatNames(), ", "))
	f.StringVarP(&o.file, "output", "o", "", "write the report to `FILE` instead of standard output")
	f.StringVar(&o.failOn, "fail-on", string(diag.Warning), "least `SEVERITY` that makes the exit status 1: "+strings.Join(severities(), ", "))
	complete(cmd, "format", formatNames())
	complete(cmd, "fail-on", severities())
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
	std     io.Writer
	file    *os.File // nil for std
	created bool     // the file was not there before
}

// open checks the flags and that the file can be written, before anything runs.
// What is in the file stays until the report is complete.
func (o *outputFlags) open(std streams) (*output, error) {
	format, err := report.Lookup(o.format)
	if err != nil {
		return nil, fmt.Errorf("--format: %w", err)
	}
	if !slices.Contains(severities(), o.failOn) {
		return nil, fmt.Errorf("--fail-on %s: choose one of %s", o.failOn, strings.Join(severities(), ", "))
	}
	out := &output{format: format, failOn: diag.Severity(o.failOn), std: std.out}
	if o.file == "" || o.file == "-" {
		if width, ok := std.terminal(std.out); ok {
			out.options = report.Options{Color: std.env("NO_COLOR") == "" && std.env("TERM") != "dumb", Width: width}
		}
		return out, nil
	}
	_, err = os.Stat(o.file)
	out.created = errors.Is(err, fs.ErrNotExist)
	out.file, err = os.OpenFile(o.file, os.O_WRONLY|os.O_CREATE, 0o666)
	return out, cannotWrite(o.file, err)
}

func cannotWrite(file string, err error) error {
	if err == nil {
		return nil
	}
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	return fmt.Errorf("--output %s: the report cannot be written: %w; give a file that may be written", file, err)
}

// conclude judges what was observed, writes the report, and returns the exit
// status. What the report has no place for goes to standard error.
func (o *output) conclude(std streams, rec *diag.Record) error {
	rep := all.Judge(rec)
	if rec.Interrupted {
		fmt.Fprintln(std.err, "proxydiag: interrupted before everything was observed")
	}
	if rec.Log != nil && rec.Log.Failure != "" {
		fmt.Fprintf(std.err, "proxydiag: warning: --error-log %s: it cannot be read: %s; the verdict does without it\n", rec.Log.Path, rec.Log.Failure)
	}
	for _, left := range rec.Left {
		fmt.Fprintf(std.err, "proxydiag: a fixture could not be removed; remove it by hand: %s\n", left)
	}
	if err := o.write(rep); err != nil {
		return err
	}
	return status(rep, o.failOn)
}

func (o *output) write(rep diag.Report) error {
	var b bytes.Buffer
	if err := o.format.Write(&b, rep, o.options); err != nil {
		return err
	}
	if o.file == nil {
		_, err := o.std.Write(b.Bytes())
		return err
	}
	file := o.file
	n, err := file.Write(b.Bytes())
	if info, failed := file.Stat(); err == nil && failed == nil && info.Mode().IsRegular() {
		err = file.Truncate(int64(n)) // what an older and longer report has more
	}
	err = errors.Join(err, file.Close())
	o.file = nil
	return cannotWrite(file.Name(), err)
}

// discard ends an output that nothing was written to.
func (o *output) discard() {
	if o.file == nil {
		return
	}
	_ = o.file.Close()
	if o.created {
		_ = os.Remove(o.file.Name())
	}
}

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
