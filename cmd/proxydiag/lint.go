package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/report"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// lintFlags are the flags of lint.
type lintFlags struct {
	server   string
	sendfile string
	output   outputFlags
}

func newLint(std streams) *cobra.Command {
	var l lintFlags
	cmd := &cobra.Command{
		Use:   "lint CONFIG...",
		Short: "Find what the proxy's configuration alone shows",
		Long: "lint reads the proxy's configuration and reports what breaks or exposes downloads whatever\n" +
			"is asked for. It sends nothing. What shows with a request only is for check. With\n" +
			"--sendfile it also tells what is wrong with the part that the handoff is meant for.\n\n" +
			"CONFIG is a main file, a file for a site, a folder, or a dump; - reads a dump from standard\n" +
			"input. Where a folder holds no configuration itself, each one in the folders below it is\n" +
			"read. The exit status is 1 for findings (see --fail-on), 3 where a configuration does not\n" +
			"parse. An include that cannot be read is a warning and leaves it: of the rest all is said.\n\n" +
			"What is meant is left with a comment in the configuration, at the end of the line or above\n" +
			"it: # proxydiag: ignore CODE reason. Such findings, and those that --ignore and --baseline\n" +
			"name, stand in the other formats than text only.",
		Example: "  proxydiag lint site.conf\n  proxydiag lint deploy/ --format sarif -o lint.sarif",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("lint takes one or more configurations, and none is given; see '%s --help'", cmd.CommandPath())
			}
			if i := slices.Index(args, "-"); i >= 0 && slices.Contains(args[i+1:], "-") {
				return errors.New("- stands twice, and standard input can be read once only; leave one out")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return l.run(cmd.Context(), args, std) },
	}
	f := cmd.Flags()
	f.StringVar(&l.server, "server", "", "the `KIND` of server, where the configuration's shape does not tell")
	f.StringVar(&l.sendfile, "sendfile", "", "`KIND:PREFIX` that the backend hands off to, as for check")
	l.output.register(cmd)
	complete(cmd, "server", kindNames(readable()))
	return cmd
}

// linted is what lint says about one configuration.
type linted struct {
	Config string `json:"config"`
	Kind   string `json:"kind,omitempty"`
	// Problems are why it does not parse; Left is what could not be read of one
	// that does, and Notices are the comments that ignore nothing.
	Problems []conf.Problem `json:"problems,omitempty"`
	Left     []conf.Problem `json:"left,omitempty"`
	Notices  []conf.Problem `json:"notices,omitempty"`
	Findings []diag.Finding `json:"findings"`

	source conf.Source
}

func (l *lintFlags) run(ctx context.Context, paths []string, std streams) error {
	out, err := l.output.open(std)
	if err != nil {
		return err
	}
	defer out.discard()
	if l.sendfile, err = parseIntent(l.sendfile); err != nil {
		return err
	}
	var configs []*configuration
	for _, path := range paths {
		list, err := until(ctx, std, func() ([]*configuration, error) { return loadTree(path, l.server, std) })
		if err != nil {
			return err
		}
		configs = append(configs, list...)
	}
	once := onceOnly{}
	configs = slices.DeleteFunc(configs, once.configuration)
	for _, c := range configs {
		if err := c.overwritten(out); err != nil {
			return err
		}
		if c.meant = l.sendfile; c.meant != "" && !strings.HasPrefix(c.meant, c.kind.Dialect+":") {
			return fmt.Errorf("--sendfile %s: %s is a configuration of %s, which does not act on that handoff", c.meant, c.path, c.kind.Title)
		}
	}
	list, reps, err := lintAll(ctx, configs, once, out, std)
	if err != nil {
		return err
	}
	err = out.write(func(w io.Writer) error {
		switch out.format.Name {
		case "text":
			return writeLint(w, list, out.options.Paint())
		case "json":
			return report.JSON(w, struct {
				Version int      `json:"version"`
				Configs []linted `json:"configs"`
			}{1, list})
		}
		return out.format.WriteAll(w, reps, out.options)
	})
	if err != nil {
		return err
	}
	return status(out.failOn, reps...)
}

// parseIntent reads --sendfile.
func parseIntent(text string) (string, error) {
	if text == "" {
		return "", nil
	}
	spec, err := sendfile.ParseSpec(text, "")
	if err != nil {
		return "", fmt.Errorf("--sendfile %s: %w", text, err)
	}
	return spec.String(), nil
}

// lintAll judges configurations and tells on standard error what is wrong with
// them, each told once.
func lintAll(ctx context.Context, configs []*configuration, once onceOnly, out *output, std streams) ([]linted, []diag.Report, error) {
	var list []linted
	var reps []diag.Report
	for _, c := range configs {
		var notices []conf.Problem
		rep, err := until(ctx, std, func() (rep diag.Report, err error) {
			rep, notices = c.lint(out)
			return rep, nil
		})
		if err != nil {
			return nil, nil, err
		}
		rep.Drop(once.finding)
		c.tell(std.err, slices.DeleteFunc(slices.Clone(c.problems), once.problem), "")
		c.tell(std.err, slices.DeleteFunc(slices.Concat(c.left, notices), once.problem), "warning: ")
		list = append(list, linted{Config: c.path, Kind: c.kind.Name, Problems: c.problems, Left: c.left, Notices: notices, source: c.source})
		reps = append(reps, rep)
	}
	if err := out.mute.settle(reps, std.err); err != nil {
		return nil, nil, err
	}
	for i := range list {
		list[i].Findings = append([]diag.Finding{}, reps[i].Findings...)
	}
	return list, reps, nil
}

// readCheck is what a report on a configuration alone has in the place of the
// checks of a run.
const readCheck = "configuration"

// standardInput is what a report calls a configuration that was read from there.
const standardInput = "standard input"

// lint judges the configuration alone: the record of a run in which nothing
// was asked. The notices are about comments that ignore nothing.
func (c *configuration) lint(out *output) (rep diag.Report, notices []conf.Problem) {
	rec := &diag.Record{Version: diag.RecordVersion, Tool: tool(), Stack: diag.Stack{Sendfile: c.meant}, Config: &diag.Config{Kind: c.kind.Name, Source: c.source}}
	rec.Stack.Name = standardInput
	if c.path != "-" {
		rec.Stack.Name = out.options.Named(c.path)
	}
	read := diag.Check{ID: readCheck, Title: "Can the configuration be read?", Judge: func(*diag.View) (diag.Status, string) {
		if len(c.problems) > 0 {
			return diag.Unknown, c.problems[0].String()
		}
		return diag.Pass, ""
	}}
	var static []diag.Rule
	if len(c.problems) == 0 {
		static = staticRules(c.kind.Name)
	}
	rep = diag.Judge(rec, static, []diag.Check{read})
	rules, notices := out.mute.rules(rec.Config)
	rules.Apply(&rep)
	if len(c.problems) == 0 && len(c.left) == 0 {
		notices = append(notices, rules.Unused(staticCode)...)
	}
	rep.Notices = slices.Concat(c.problems, c.left, notices)
	return rep, notices
}

// staticRules are the rules of a kind that judge a configuration alone.
func staticRules(kind string) []diag.Rule {
	for _, k := range readable() {
		if k.Name == kind {
			return slices.DeleteFunc(slices.Clone(k.Rules), func(r diag.Rule) bool { return !r.Static })
		}
	}
	return nil
}

// staticCode says that a finding is one that configurations alone show.
func staticCode(code string) bool {
	return slices.ContainsFunc(all.Rules(), func(r diag.Rule) bool { return r.Static && !r.Partly && r.Code == code })
}

// overwritten refuses to write the report into a file of the configuration.
func (c *configuration) overwritten(out *output) error {
	if out.file == nil {
		return nil
	}
	to, err := out.file.file.Stat()
	if err != nil {
		return fmt.Errorf("-o: %w", err)
	}
	for _, f := range c.source.Files {
		// A file that is not on this machine, or standard input, is another one.
		if from, err := os.Stat(f.Path); err == nil && from.Mode().IsRegular() && os.SameFile(from, to) {
			return fmt.Errorf("-o %s: this is the configuration itself; write the report to another file", out.file.file.Name())
		}
	}
	return nil
}

// writeLint writes a finding as compilers do: the place, the fault, the line
// with a caret, what it means and what to do.
func writeLint(w io.Writer, list []linted, paint report.Paint) error {
	var b strings.Builder
	for _, c := range list {
		for _, f := range c.Findings {
			if f.Muted != "" {
				continue
			}
			place := c.Config
			var excerpt string
			if f.Location != nil {
				pos := conf.Pos{File: f.Location.File, Line: f.Location.Line, Column: f.Location.Column}
				place, excerpt = pos.String(), c.source.Excerpt(pos, len(f.Location.Text))
			}
			fmt.Fprintf(&b, "%s: %s: %s %s\n", paint.Strong(report.Visible(place)), paint.Severity(f.Severity, string(f.Severity)),
				paint.Strong(f.Title), paint.Faint("("+f.Code+")"))
			for line := range strings.Lines(excerpt) {
				gutter, text, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "|")
				if caret := strings.TrimLeft(text, " \t"); strings.TrimSpace(gutter) == "" {
					text = strings.TrimSuffix(text, caret) + paint.Severity(f.Severity, caret)
				}
				fmt.Fprintf(&b, "%s%s\n", paint.Faint(gutter+"|"), text)
			}
			b.WriteString("  ")
			fold(&b, 2, report.Visible(f.Detail))
			b.WriteString("  " + paint.Strong("Fix:") + " ")
			fold(&b, 7, report.Visible(f.Fix))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
