package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/report"
)

// lintFlags are the flags of lint.
type lintFlags struct{ server, format, failOn string }

func newLint(std streams) *cobra.Command {
	var l lintFlags
	cmd := &cobra.Command{
		Use:   "lint CONFIG...",
		Short: "Find what the proxy's configuration alone shows",
		Long: "lint reads the proxy's configuration and reports what breaks or exposes downloads whatever\n" +
			"is asked for. It sends nothing. What shows with a request only is for check.\n\n" +
			"CONFIG is a main file, a folder, or a dump; - reads a dump from standard input. The exit\n" +
			"status is 1 for findings (see --fail-on), 3 where a configuration does not parse.",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("lint takes one or more configurations, and none is given; see '%s --help'", cmd.CommandPath())
			}
			if i := slices.Index(args, "-"); i >= 0 && slices.Contains(args[i+1:], "-") {
				return errors.New("- stands twice, and standard input can be read once only; leave one out")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return l.run(args, std) },
	}
	f := cmd.Flags()
	f.StringVar(&l.server, "server", "", "the `KIND` of server, where the configuration's shape does not tell")
	f.StringVar(&l.format, "format", "text", "text or json")
	f.StringVar(&l.failOn, "fail-on", string(diag.Warning), "least `SEVERITY` that makes the exit status 1: "+strings.Join(severities(), ", "))
	complete(cmd, "server", kindNames(readable()))
	complete(cmd, "format", plainFormats())
	complete(cmd, "fail-on", severities())
	return cmd
}

// linted is what lint says about one configuration.
type linted struct {
	Config string `json:"config"`
	Kind   string `json:"kind,omitempty"`
	// Problems are why it does not parse; Left is what could not be read of one
	// that does.
	Problems []conf.Problem `json:"problems,omitempty"`
	Left     []conf.Problem `json:"left,omitempty"`
	Findings []diag.Finding `json:"findings"`

	source conf.Source
}

func (l *lintFlags) run(paths []string, std streams) error {
	if err := checkFormat(l.format); err != nil {
		return err
	}
	failOn, err := parseFailOn(l.failOn)
	if err != nil {
		return err
	}
	var list []linted
	status := exitHealthy
	for _, path := range paths {
		c, err := loadConfiguration(path, l.server, std)
		if err != nil {
			return err
		}
		c.tell(std.err, c.problems, "")
		c.tell(std.err, c.left, "warning: ")
		one := linted{Config: path, Kind: c.kind.Name, Problems: c.problems, Left: c.left, Findings: []diag.Finding{}, source: c.source}
		if len(c.problems) > 0 && status == exitHealthy {
			status = exitInconclusive
		}
		if len(c.problems) == 0 {
			one.Findings = append(one.Findings, c.lint()...)
		}
		if slices.ContainsFunc(one.Findings, func(f diag.Finding) bool { return f.Severity.AtLeast(failOn) }) {
			status = exitFound
		}
		list = append(list, one)
	}
	if l.format == "json" {
		err = report.JSON(std.out, struct {
			Version int      `json:"version"`
			Configs []linted `json:"configs"`
		}{1, list})
	} else {
		err = writeLint(std.out, list)
	}
	if err != nil || status == exitHealthy {
		return err
	}
	return exit(status)
}

// lint judges the configuration alone: the record of a run in which nothing
// was asked.
func (c *configuration) lint() []diag.Finding {
	static := slices.DeleteFunc(slices.Clone(c.kind.Rules), func(r diag.Rule) bool { return !r.Static })
	rec := &diag.Record{Version: diag.RecordVersion, Config: &diag.Config{Kind: c.kind.Name, Source: c.source}}
	return diag.Judge(rec, static, nil).Findings
}

// writeLint writes a finding as compilers do: the place, the fault, the line
// with a caret, what it means and what to do.
func writeLint(w io.Writer, list []linted) error {
	var b strings.Builder
	for _, c := range list {
		for _, f := range c.Findings {
			place := c.Config
			var excerpt string
			if f.Location != nil {
				pos := conf.Pos{File: f.Location.File, Line: f.Location.Line, Column: f.Location.Column}
				place, excerpt = pos.String(), c.source.Excerpt(pos, len(f.Location.Text))
			}
			fmt.Fprintf(&b, "%s: %s: %s (%s)\n%s", report.Visible(place), f.Severity, f.Title, f.Code, excerpt)
			b.WriteString("  ")
			fold(&b, 2, report.Visible(f.Detail))
			b.WriteString("  Fix: ")
			fold(&b, 7, report.Visible(f.Fix))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
