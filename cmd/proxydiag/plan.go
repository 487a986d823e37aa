package main

import (
	"fmt"
	"io"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// printPlan prints the first step, and of the later ones on what they depend.
func printPlan(w io.Writer, stack diag.Stack) error {
	first := diag.Next(stack, &diag.Record{}, all.Families())
	fmt.Fprintln(w, "first:")
	for _, p := range first.Put {
		fmt.Fprintf(w, "  put a fixture of %d bytes (%s%s) into %s\n", p.Size, p.Role, p.Ext, stack.Storage)
	}
	for _, p := range first.Probes {
		fmt.Fprintf(w, "  %s %s (%s)\n", p.Method, p.Port, p.ID)
	}
	fmt.Fprintln(w, "then:")
	for _, f := range all.Families() {
		if !stack.Profile.Includes(f.Profile) {
			continue
		}
		when := f.When
		if when == "" {
			when = "the fixture is there"
		}
		if _, err := fmt.Fprintf(w, "  %-10s if %s\n", f.Name, when); err != nil {
			return err
		}
	}
	return nil
}
