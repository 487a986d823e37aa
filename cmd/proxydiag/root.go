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
	"github.com/spf13/pflag"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// The exit statuses.
const (
	exitHealthy      = 0 // nothing at or above --fail-on
	exitFound        = 1 // something at or above --fail-on
	exitUsage        = 2 // wrong use: flags, files that cannot be opened
	exitInconclusive = 3 // not enough could be observed to judge
)

// streams are where a command reads and writes.
type streams struct {
	in       io.Reader
	out, err io.Writer
	env      func(string) string
	// terminal says that a stream is one, and how wide it is.
	terminal func(io.Writer) (width int, ok bool)
}

func stdio() streams {
	return streams{in: os.Stdin, out: os.Stdout, err: os.Stderr, env: os.Getenv, terminal: terminalWidth}
}

// exit ends a command with a status and without a message.
type exit int

func (e exit) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// run carries out one command line and returns the exit status.
func run(ctx context.Context, args []string, std streams) int {
	root := newRoot(std)
	root.SetArgs(args)
	root.SetOut(std.out)
	root.SetErr(std.err)
	err := root.ExecuteContext(ctx)
	var status exit
	switch {
	case err == nil:
		return exitHealthy
	case errors.As(err, &status):
		return int(status)
	}
	if _, _, unknown := root.Find(args); unknown != nil {
		err = unknownCommand(root, args)
	}
	fmt.Fprintln(std.err, "proxydiag:", err)
	return exitUsage
}

func newRoot(std streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "proxydiag",
		Short: "Find out which part is guilty when downloads through a reverse proxy fail",
		Long: "proxydiag puts a dummy file into your storage, fetches it on the application's own port\n" +
			"and through the reverse proxy, and tells which part is guilty, why, and what to change.",
		Example: "  proxydiag demo\n" +
			"  proxydiag demo --break backend-wrong-dialect\n" +
			"  proxydiag check --storage /srv/media --backend http://127.0.0.1:8000/dl/ --proxy http://127.0.0.1:8080/dl/",
		PersistentPreRunE: noEmptyFlags,
		SilenceErrors:     true,
		SilenceUsage:      true,
	}
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(newCheck(std), newCompanion(std), newCompare(std), newDemo(std), newExplain(std), newFixture(std), newGate(std), newInit(std), newJudge(std), newLint(std), newMan(std), newRoute(std), newSchema(std), newServe(std), newVersion(std))
	root.SetHelpCommand(newHelp(root))
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			c.Args, c.RunE = cobra.ArbitraryArgs, completionFor
		}
	}
	return root
}

// newHelp is cobra's help command, which fails for what is no command.
func newHelp(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use:   "help [command]",
		Short: "Help about any command",
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, _, err := root.Find(args)
			if err != nil {
				return unknownCommand(root, args)
			}
			return cmd.Help()
		},
	}
}

// completionFor is asked for a shell that cobra does not know, or for none.
func completionFor(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return cmd.Help()
	}
	var shells []string
	for _, c := range cmd.Commands() {
		shells = append(shells, c.Name())
	}
	return fmt.Errorf("there is no completion for the shell %q; choose one of %s", args[0], strings.Join(shells, ", "))
}

// status is the exit status of reports: that of the worst.
func status(failOn diag.Severity, reps ...diag.Report) error {
	inconclusive := false
	for _, rep := range reps {
		if slices.ContainsFunc(rep.Findings, func(f diag.Finding) bool { return f.Counts(failOn) }) {
			return exit(exitFound)
		}
		inconclusive = inconclusive || rep.Status == diag.Inconclusive
	}
	if inconclusive {
		return exit(exitInconclusive)
	}
	return nil
}

// unknownCommand says that the first word of a command line is no command.
func unknownCommand(root *cobra.Command, args []string) error {
	word := args[slices.IndexFunc(args, func(a string) bool { return !strings.HasPrefix(a, "-") })]
	var names []string
	for _, c := range root.Commands() {
		names = append(names, c.Name())
	}
	return fmt.Errorf("there is no command %q%s; see 'proxydiag --help'", word, didYouMean(word, names))
}

// noArguments refuses arguments to a command that takes flags only.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return fmt.Errorf("%s takes no arguments, and %q is one; see '%s --help'", cmd.Name(), args[0], cmd.CommandPath())
}

// exactly refuses any other number of arguments. what names them, with the
// number in words.
func exactly(what string, count int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == count {
			return nil
		}
		given := fmt.Sprintf("%d are given", len(args))
		switch len(args) {
		case 0:
			given = "none is given"
		case 1:
			given = "one is given"
		}
		return fmt.Errorf("%s takes %s, and %s; see '%s --help'", cmd.Name(), what, given, cmd.CommandPath())
	}
}

// flagError says in one sentence what is wrong with a flag.
func flagError(cmd *cobra.Command, err error) error {
	if errors.Is(err, pflag.ErrHelp) {
		return err
	}
	text := err.Error()
	var (
		unknown *pflag.NotExistError
		missing *pflag.ValueRequiredError
		invalid *pflag.InvalidValueError
	)
	switch {
	case errors.As(err, &unknown):
		name := unknown.GetSpecifiedName()
		if unknown.GetSpecifiedShortnames() != "" {
			text = fmt.Sprintf("%s has no flag -%s", cmd.CommandPath(), name)
			break
		}
		var names []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
		text = fmt.Sprintf("%s has no flag --%s%s", cmd.CommandPath(), name, didYouMean("--"+name, names))
	case errors.As(err, &missing):
		text = fmt.Sprintf("--%s needs a value", missing.GetFlag().Name)
	case errors.As(err, &invalid):
		text = fmt.Sprintf("--%s %s: %v", invalid.GetFlag().Name, invalid.GetValue(), invalid.Unwrap())
	}
	return fmt.Errorf("%s; see '%s --help'", text, cmd.CommandPath())
}
