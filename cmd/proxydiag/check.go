package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/pkg/check"
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
			"comes back. It sends GET and HEAD only, and removes what it put.",
		Args: cobra.NoArgs,
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
				return printPlan(std.out, stack)
			}
			out, err := o.open(std)
			if err != nil {
				return err
			}
			defer out.discard()
			rep, err := diagnose(cmd.Context(), stack, client, c.concurrency, s.companionListen, newProgress(std))
			if err != nil {
				return err
			}
			if err := out.write(rep); err != nil {
				return err
			}
			return status(rep, o.severity)
		},
	}
	s.register(cmd.Flags())
	c.register(cmd.Flags())
	o.register(cmd.Flags())
	cmd.Flags().BoolVar(&plan, "plan", false, "print which probes would be sent, and send none")
	return cmd
}

// diagnose observes a stack and judges what was seen.
func diagnose(ctx context.Context, stack diag.Stack, client compare.Options, concurrency int, listen string, say *progress) (diag.Report, error) {
	store, err := all.OpenStore(stack.Storage)
	if err != nil {
		return diag.Report{}, err
	}
	defer store.Close()
	o := diag.Observer{Store: store, Client: client, Concurrency: concurrency, Tool: tool(), Progress: say.step}
	if stack.Companion {
		spec, err := sendfile.ParseSpec(stack.Sendfile, "")
		if err != nil {
			return diag.Report{}, err
		}
		if o.Companion, err = diag.StartCompanion(stack.Backend, listen, spec); err != nil {
			return diag.Report{}, err
		}
		defer o.Companion.Close()
	}
	rec := o.Run(ctx, stack, check.Families())
	say.done()
	return diag.Judge(rec, all.Rules(), check.Checks()), nil
}

// defaultTimeout is how long one exchange may take.
const defaultTimeout = 10 * time.Second
