package checks

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/proxydiag/proxydiag/pkg/health"
)

// Command runs a program. What it writes first is the message.
type Command struct {
	Args []string `yaml:"command" doc:"the program and its arguments, or one line for the shell"`
	Warn []int    `yaml:"warn" doc:"exit statuses that are a warning"`
}

// Validate implements [Check].
func (c *Command) Validate() error {
	if len(c.Args) == 0 {
		return errors.New("command: it is empty")
	}
	if len(c.Args) == 1 {
		return nil
	}
	if _, err := exec.LookPath(c.Args[0]); err != nil {
		return fmt.Errorf("command: %w", err)
	}
	return nil
}

// longestLine is how much of the output is a message.
const longestLine = 300

// Check implements [Check]. The program is ended with all that it started where
// its time is over.
func (c *Command) Check(ctx context.Context) (health.Observation, error) {
	args := c.Args
	if len(args) == 1 {
		args = []string{"sh", "-c", args[0]}
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	out := &firstBytes{left: 8 * longestLine}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.WaitDelay = time.Second // what it started may hold the output open
	withFamily(cmd)
	err := cmd.Run()
	line := firstLine(out.String())
	if ctx.Err() != nil {
		return none(ctx.Err())
	}
	failed, ok := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil, errors.Is(err, exec.ErrWaitDelay):
		return health.Observation{Text: line}, nil
	case !ok:
		return none(err)
	}
	if line == "" {
		line = failed.String()
	} else {
		line = failed.String() + ": " + line
	}
	if slices.Contains(c.Warn, failed.ExitCode()) {
		return none(health.Warn("%s", line))
	}
	return none(errors.New(line))
}

// firstBytes keeps the beginning of what is written.
type firstBytes struct {
	bytes.Buffer
	left int
}

// Write implements io.Writer.
func (b *firstBytes) Write(p []byte) (int, error) {
	n := min(b.left, len(p))
	b.left -= n
	b.Buffer.Write(p[:n])
	return len(p), nil
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	return strings.ToValidUTF8(line[:min(len(line), longestLine)], "")
}
