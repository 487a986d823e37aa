package main

import (
	"fmt"
	"net/url"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// intend takes the handoff that is meant from the configuration where the user
// does not state it.
func intend(stack *diag.Stack, config *diag.Config) {
	if stack.Sendfile != "" || config == nil {
		return
	}
	kind, ok := all.Kind(config.Kind)
	if !ok || kind.Intent == nil {
		return
	}
	proxy, err := url.Parse(stack.Proxy.For("name"))
	if err != nil {
		return
	}
	intent, ok := kind.Intent(config.Source, proxy)
	if !ok {
		return
	}
	spec, err := sendfile.ParseSpec(kind.Dialect+":"+intent.Prefix, "")
	if err != nil {
		return // a prefix that no handoff can name
	}
	stack.Sendfile = spec.String()
	stack.SendfileFrom = fmt.Sprintf("by %s at %s:%d", intent.Location.Text, intent.Location.File, intent.Location.Line)
}
