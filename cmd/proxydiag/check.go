package main

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// checkFlags are the flags of check.
type checkFlags struct {
	stack  stackFlags
	client clientFlags
	output outputFlags
	record recordFlag
	wait   time.Duration
	plan   bool
}

func newCheck(std streams) *cobra.Command {
	var c checkFlags
	cmd := &cobra.Command{
		Use:   "check --storage DIR --backend URL --proxy URL",
		Short: "Diagnose a live stack",
		Long: "check puts a fixture into the storage, asks for it on both ports, and judges what\n" +
			"comes back. It sends GET and HEAD only, unless --methods asks for POST, and\nremoves what it put.\n\n" +
			"The exit status is 0 for a healthy stack, 1 where something was found (see\n" +
			"--fail-on), 2 for wrong use, 3 where not enough could be observed to judge.",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context(), std) },
	}
	c.stack.register(cmd)
	c.client.register(cmd.Flags())
	c.output.register(cmd)
	c.record.register(cmd)
	cmd.Flags().DurationVar(&c.wait, "wait", 0, "wait up to so long for a stack that is still starting to answer")
	cmd.Flags().BoolVar(&c.plan, "plan", false, "print which probes would be sent, and send none")
	return cmd
}

func (c *checkFlags) run(ctx context.Context, std streams) error {
	stack, err := c.stack.stack()
	if err != nil {
		return err
	}
	client, err := c.client.options()
	if err != nil {
		return err
	}
	if c.wait < 0 {
		return fmt.Errorf("--wait %s: it cannot be less than nothing; write for example --wait 30s", c.wait)
	}
	if c.plan {
		if c.output.file != "" || c.record.path != "" {
			return fmt.Errorf("--plan sends nothing, so there is no report and no record; leave --output and --record out")
		}
		return printPlan(std.out, stack)
	}
	out, err := c.output.open(std)
	if err != nil {
		return err
	}
	defer out.discard()
	record, err := c.record.open(c.output)
	if err != nil {
		return err
	}
	defer record.discard()
	config, err := readConfig(stack, std)
	if err != nil {
		return err
	}
	intend(&stack, config)
	say := newProgress(std)
	rec, err := c.observe(ctx, stack, diag.Observer{
		Client: client, Concurrency: c.client.concurrency, Retries: c.client.retries,
		Tool: tool(), Progress: say.step, Config: config,
	}, std)
	say.done()
	if err != nil {
		return err
	}
	return out.concludeRun(std, rec, record)
}

// observe runs the probes against a live stack.
func (c *checkFlags) observe(ctx context.Context, stack diag.Stack, o diag.Observer, std streams) (*diag.Record, error) {
	store, err := all.OpenStore(stack.Storage)
	if err != nil {
		return nil, err
	}
	defer func() { _ = store.Close() }()
	o.Store = store
	if stack.Companion {
		spec, err := sendfile.ParseSpec(stack.Sendfile, "")
		if err != nil {
			return nil, err
		}
		if o.Companion, err = diag.StartCompanion(stack.Backend, c.stack.companionListen, spec); err != nil {
			return nil, err
		}
		defer func() { _ = o.Companion.Close() }()
	}
	if c.wait > 0 {
		o.Progress("waiting for the stack to answer")
		for _, silent := range await(ctx, stack, o.Client, c.wait) {
			fmt.Fprintf(std.err, "proxydiag: --wait %s: nothing answered at %s\n", c.wait, silent)
		}
	}
	return o.Run(ctx, stack, all.Families()), nil
}
