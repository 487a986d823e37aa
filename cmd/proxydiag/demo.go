package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/proxydiag/proxydiag/internal/demo"
)

func newDemo(std streams) *cobra.Command {
	var o outputFlags
	var r recordFlag
	var code string
	var list bool
	cmd := &cobra.Command{
		Use:   "demo [--break CODE]",
		Short: "Diagnose an embedded stack, healthy or broken on purpose",
		Long: "demo starts a storage, a backend and a proxy of its own on loopback, diagnoses them, and\n" +
			"ends them again. Nothing has to be installed. With --break it puts a fault into that\n" +
			"stack first, so that you see what a diagnosis looks like.",
		Example: "  proxydiag demo\n  proxydiag demo --list\n  proxydiag demo --break handoff-not-found",
		Args:    noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if list && cmd.Flags().NFlag() > 1 {
				return errors.New("--list runs nothing: leave the other flags out")
			}
			if list {
				return listFaults(std.out)
			}
			fault, found := demo.Lookup(code)
			if code != "" && !found {
				return fmt.Errorf("--break %s: the demo has no such fault%s; 'proxydiag demo --list' shows all", code, didYouMean(code, faultCodes()))
			}
			out, err := o.open(std)
			if err != nil {
				return err
			}
			defer out.discard()
			record, err := r.open(out)
			if err != nil {
				return err
			}
			defer record.discard()
			if found {
				fmt.Fprintf(std.err, "broken on purpose: %s\n", fault.What)
			}
			say := newProgress(std)
			rec, err := demo.Run(cmd.Context(), demo.Options{Fault: fault, Tool: tool(), Progress: say.step})
			say.done()
			if rec == nil {
				return err
			}
			if err != nil {
				fmt.Fprintln(std.err, "proxydiag: the demo could not be cleared away:", err)
			}
			return out.concludeRun(std, rec, record)
		},
	}
	o.register(cmd)
	r.register(cmd)
	cmd.Flags().StringVar(&code, "break", "", "put the fault that leads to the finding `CODE` into the stack")
	cmd.Flags().BoolVar(&list, "list", false, "list the faults, and run nothing")
	complete(cmd, "break", faultCodes())
	return cmd
}

func faultCodes() []string {
	var codes []string
	for _, f := range demo.Faults() {
		codes = append(codes, f.Code)
	}
	return codes
}

func listFaults(w io.Writer) error {
	var b strings.Builder
	for _, f := range demo.Faults() {
		fmt.Fprintf(&b, "%-32s", f.Code)
		fold(&b, 32, f.What)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
