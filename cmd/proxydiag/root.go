package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

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
	out, err io.Writer
	env      func(string) string
	// terminal says that a stream is one, and how wide it is.
	terminal func(io.Writer) (width int, ok bool)
}

func stdio() streams {
	return streams{out: os.Stdout, err: os.Stderr, env: os.Getenv, terminal: terminalWidth}
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
	fmt.Fprintln(std.err, "proxydiag:", err)
	return exitUsage
}

func newRoot(std streams) *cobra.Command {
	root := &cobra.Command{
		Use:   "proxydiag",
		Short: "Find out which part is guilty when downloads through a reverse proxy fail",
		Long: "proxydiag puts a dummy file into your storage, fetches it on the application's own port\n" +
			"and through the reverse proxy, and tells which part is guilty, why, and what to change.",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
	}
	root.AddCommand(newCheck(std), newVersion(std))
	return root
}

// status is the exit status of a report.
func status(rep diag.Report, failOn diag.Severity) error {
	for _, f := range rep.Findings {
		if f.Severity.AtLeast(failOn) {
			return exit(exitFound)
		}
	}
	if rep.Status == diag.Inconclusive {
		return exit(exitInconclusive)
	}
	return nil
}
