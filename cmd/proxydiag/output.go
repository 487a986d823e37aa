package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/charmbracelet/x/term"
	"github.com/spf13/pflag"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/report"
)

// outputFlags say how and where a report is written.
type outputFlags struct {
	format, file, failOn string
	severity             diag.Severity
}

func (o *outputFlags) register(f *pflag.FlagSet) {
	var names []string
	for _, format := range report.Formats() {
		names = append(names, format.Name)
	}
	f.StringVar(&o.format, "format", "text", "format of the report: "+strings.Join(names, ", "))
	f.StringVarP(&o.file, "output", "o", "", "write the report to `FILE` instead of standard output")
	f.StringVar(&o.failOn, "fail-on", string(diag.Warning), "least `SEVERITY` that makes the exit status 1: error, warning, info")
}

// output is where a report goes. A file takes its place only when it is whole.
type output struct {
	format  report.Format
	options report.Options
	std     io.Writer
	file    string   // the place, "" for std
	temp    *os.File // written first, nil for std
}

// open checks the flags and that the file can be written, before anything runs.
func (o *outputFlags) open(std streams) (*output, error) {
	format, err := report.Lookup(o.format)
	if err != nil {
		return nil, fmt.Errorf("--format: %w", err)
	}
	o.severity = diag.Severity(o.failOn)
	if o.severity != diag.Error && o.severity != diag.Warning && o.severity != diag.Info {
		return nil, fmt.Errorf("--fail-on %s: it is one of error, warning, info", o.failOn)
	}
	out := &output{format: format, std: std.out}
	if o.file == "" || o.file == "-" {
		if width, ok := std.terminal(std.out); ok {
			out.options = report.Options{Color: std.env("NO_COLOR") == "" && std.env("TERM") != "dumb", Width: width}
		}
		return out, nil
	}
	out.file = o.file
	if info, err := os.Stat(o.file); err == nil && !info.Mode().IsRegular() {
		if info.IsDir() {
			return nil, fmt.Errorf("--output %s: it is a folder; give a file's name", o.file)
		}
		out.temp, err = os.OpenFile(o.file, os.O_WRONLY, 0)
		return out, cannotWrite(o.file, err)
	}
	if f, err := os.OpenFile(o.file, os.O_WRONLY, 0); err == nil {
		_ = f.Close()
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, cannotWrite(o.file, err)
	}
	out.temp, err = os.CreateTemp(filepath.Dir(o.file), ".proxydiag-report-*")
	return out, cannotWrite(o.file, err)
}

func cannotWrite(file string, err error) error {
	if err == nil {
		return nil
	}
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return fmt.Errorf("--output %s: it cannot be written: %w", file, err)
}

func (o *output) write(rep diag.Report) error {
	var b bytes.Buffer
	if err := o.format.Write(&b, rep, o.options); err != nil {
		return err
	}
	if o.temp == nil {
		_, err := o.std.Write(b.Bytes())
		return err
	}
	temp := o.temp
	_, err := temp.Write(b.Bytes())
	if temp.Name() == o.file {
		o.temp = nil
		return cannotWrite(o.file, errors.Join(err, temp.Close()))
	}
	err = errors.Join(err, temp.Chmod(0o644), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), o.file)
	}
	if err == nil {
		o.temp = nil
	}
	return cannotWrite(o.file, err)
}

// discard removes what was begun and not written.
func (o *output) discard() {
	if o.temp != nil && o.temp.Name() != o.file {
		_ = o.temp.Close()
		_ = os.Remove(o.temp.Name())
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
