package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// readConfig reads the proxy's configuration, nil where none is named. One
// that cannot be opened is wrong use; one that does not parse is told and the
// run goes on with what could be read of it.
func readConfig(stack diag.Stack, std streams) (*diag.Config, error) {
	if stack.Config == "" {
		return nil, nil
	}
	kind, err := kindOf(stack)
	if err != nil {
		return nil, err
	}
	source, err := kind.Load(stack.Config, std.in)
	if err != nil {
		return nil, fmt.Errorf("--config %s: %w", stack.Config, err)
	}
	config := &diag.Config{Kind: kind.Name, Source: source}
	if err := kind.Parse(source); err != nil {
		config.Failure = err.Error()
		fmt.Fprintf(std.err, "proxydiag: warning: --config %s: %v\n", stack.Config, err)
	}
	return config, nil
}

// kindOf is the kind of server that a stack's proxy is, whose configurations
// can be read.
func kindOf(stack diag.Stack) (server.Kind, error) {
	name := stack.Server
	if name == "" {
		name, _, _ = strings.Cut(stack.Sendfile, ":")
	}
	known := kindNames(readable())
	if i := slices.Index(known, name); i >= 0 {
		return readable()[i], nil
	}
	if name == "" {
		return server.Kind{}, fmt.Errorf("--config needs to know whose configuration it is: add --server KIND, one of %s", strings.Join(known, ", "))
	}
	return server.Kind{}, fmt.Errorf("--config: the configurations of %s cannot be read yet, only those of %s; leave --config out", name, strings.Join(known, ", "))
}
