package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

func newCheck(std streams) *cobra.Command {
	var s stackFlags
	var c clientFlags
	var o outputFlags
	var plan bool
	cmd := &cobra.Command{
		Use:   "check --storage DIR --backend URL --proxy URL",
		Short: "Diagnose a live stack",
		Long: "check puts a fixture into the storage, asks for it on both ports, and judges what\n" +
			"comes back. It sends GET and HEAD only, and removes what it put.\n\n" +
			"The exit status is 0 for a healthy stack, 1 where something was found (see\n" +
			"--fail-on), 2 for wrong use, 3 where not enough could be observed to judge.",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			stack, err := s.stack()
			if err != nil {
				return err
			}
			client, err := c.options()
			if err != nil {
				return err
			}
			if plan {
				if o.file != "" {
					return fmt.Errorf("--plan and --output contradict each other: a plan is no report; leave one of them out")
				}
				return printPlan(std.out, stack)
			}
			out, err := o.open(std)
			if err != nil {
				return err
			}
			defer out.discard()
			config, err := readConfig(stack, std)
			if err != nil {
				return err
			}
			rec, err := observe(cmd.Context(), stack, config, client, c.concurrency, s.companionListen, newProgress(std))
			if err != nil {
				return err
			}
			return out.conclude(std, rec)
		},
	}
	s.register(cmd)
	c.register(cmd.Flags())
	o.register(cmd)
	cmd.Flags().BoolVar(&plan, "plan", false, "print which probes would be sent, and send none")
	return cmd
}

// observe runs the probes against a live stack.
func observe(ctx context.Context, stack diag.Stack, config *diag.Config, client compare.Options, concurrency int, listen string, say *progress) (*diag.Record, error) {
	store, err := all.OpenStore(stack.Storage)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	o := diag.Observer{Store: store, Client: client, Concurrency: concurrency, Tool: tool(), Progress: say.step, Config: config}
	if stack.Companion {
		spec, err := sendfile.ParseSpec(stack.Sendfile, "")
		if err != nil {
			return nil, err
		}
		if o.Companion, err = diag.StartCompanion(stack.Backend, listen, spec); err != nil {
			return nil, err
		}
		defer o.Companion.Close()
	}
	defer say.done()
	return o.Run(ctx, stack, all.Families()), nil
}
