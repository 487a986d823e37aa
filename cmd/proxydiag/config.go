package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// readConfig reads the proxy's configuration, nil where none is named or where
// this kind's cannot be read. One that cannot be opened is wrong use; one that
// does not parse is told and the run goes on with what could be read of it.
func readConfig(stack diag.Stack, std streams) (*diag.Config, error) {
	if stack.Config == "" {
		return nil, nil
	}
	name := stack.Server
	if name == "" {
		name, _, _ = strings.Cut(stack.Sendfile, ":")
	}
	known := kindNames(readable())
	if name != "" && !slices.Contains(known, name) {
		fmt.Fprintf(std.err, "proxydiag: warning: --config %s: the configurations of %s cannot be read yet, only those of %s; going on without it\n",
			stack.Config, name, strings.Join(known, ", "))
		return nil, nil
	}
	c, err := loadConfiguration(stack.Config, name, std)
	if err != nil {
		return nil, fmt.Errorf("--config %s: %w", stack.Config, err)
	}
	config := &diag.Config{Kind: c.kind.Name, Source: c.source}
	if problems := slices.Concat(c.problems, c.left); len(problems) > 0 {
		failed := &conf.Error{Problems: problems}
		config.Failure = failed.Error()
		fmt.Fprintf(std.err, "proxydiag: warning: --config %s: %v\n", stack.Config, failed)
	}
	return config, nil
}
