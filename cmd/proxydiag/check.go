package main

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/fixture/remote"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// checkFlags are the flags of check.
type checkFlags struct {
	title  string // of a stack that the file names, "" without one
	stacks stacksFlags
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
		Use:   "check --storage DIR --backend URL --proxy URL | --stack NAME | --all",
		Short: "Diagnose a live stack",
		Long: "check puts a fixture into the storage, asks for it on both ports, and judges what\n" +
			"comes back. It sends GET and HEAD only, unless --methods asks for POST, and\nremoves what it put.\n\n" +
			"The exit status is 0 for a healthy stack, 1 where something was found (see\n" +
			"--fail-on), 2 for wrong use, 3 where not enough could be observed to judge.",
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.run(cmd, std) },
	}
	c.register(cmd)
	return cmd
}

func (c *checkFlags) register(cmd *cobra.Command) {
	c.stacks.register(cmd)
	c.stack.register(cmd)
	c.client.register(cmd.Flags())
	c.output.register(cmd)
	c.record.register(cmd)
	cmd.Flags().DurationVar(&c.wait, "wait", 0, "wait up to so long for a stack that is still starting to answer")
	cmd.Flags().BoolVar(&c.plan, "plan", false, "print which probes would be sent, and send none")
}

func (c *checkFlags) run(cmd *cobra.Command, std streams) error {
	list := []*checkFlags{c}
	if c.stacks.used() {
		var err error
		if list, err = c.stacks.chosen(cmd); err != nil {
			return err
		}
	} else if cmd.Flags().Changed("file") {
		return fmt.Errorf("--file %s: it describes several stacks; say which with --stack NAME, or --all", c.stacks.file)
	}
	var runs []*checkRun
	for _, one := range list {
		r, err := one.prepare()
		if err != nil {
			return one.named(err)
		}
		runs = append(runs, r)
	}
	if c.plan {
		return c.printPlans(std.out, runs)
	}
	if c.record.path != "" && c.stacks.all {
		return fmt.Errorf("--record saves one run, and --all makes several; use --stack NAME")
	}
	out, err := c.output.open(std)
	if err != nil {
		return err
	}
	defer out.discard()
	record, err := c.record.open(out)
	if err != nil {
		return err
	}
	defer record.discard()
	for _, r := range runs {
		if err := r.read(std); err != nil {
			return r.flags.named(err)
		}
	}
	say := newProgress(std)
	var running sync.WaitGroup
	for _, r := range runs {
		running.Go(func() { r.record, r.failed = r.flags.observe(cmd.Context(), r, say, std) })
	}
	running.Wait()
	say.done()
	for _, r := range runs {
		if r.failed != nil {
			return r.flags.named(r.failed)
		}
	}
	if !c.stacks.all {
		return out.concludeRun(std, runs[0].record, record)
	}
	var records []*diag.Record
	for _, r := range runs {
		records = append(records, r.record)
	}
	return out.concludeAll(std, records)
}

// checkRun is one stack that is checked.
type checkRun struct {
	flags  *checkFlags
	stack  diag.Stack
	client compare.Options
	config *diag.Config
	record *diag.Record
	failed error
}

// named says of which stack of the file an error is.
func (c *checkFlags) named(err error) error {
	if c.title == "" {
		return err
	}
	return fmt.Errorf("stack %s: %w", c.title, err)
}

// prepare checks what is said about a stack.
func (c *checkFlags) prepare() (*checkRun, error) {
	stack, err := c.stack.stack()
	if err != nil {
		return nil, err
	}
	stack.Name = c.title
	client, err := c.client.options()
	if err != nil {
		return nil, err
	}
	if c.wait < 0 {
		return nil, fmt.Errorf("--wait %s: it cannot be less than nothing; write for example --wait 30s", c.wait)
	}
	return &checkRun{flags: c, stack: stack, client: client}, nil
}

// read reads the proxy's configuration.
func (r *checkRun) read(std streams) error {
	config, err := readConfig(r.stack, std)
	if err != nil {
		return err
	}
	r.config = config
	intend(&r.stack, config)
	return nil
}

// printPlans prints what would be asked of each stack.
func (c *checkFlags) printPlans(w io.Writer, runs []*checkRun) error {
	if c.output.file != "" || c.record.path != "" {
		return fmt.Errorf("--plan sends nothing, so there is no report and no record; leave -o and --record out")
	}
	for _, r := range runs {
		if r.stack.Name != "" {
			fmt.Fprintf(w, "stack %s\n", r.stack.Name)
		}
		if err := printPlan(w, r.stack); err != nil {
			return err
		}
	}
	return nil
}

// observe runs the probes against a live stack.
func (c *checkFlags) observe(ctx context.Context, r *checkRun, say *progress, std streams) (*diag.Record, error) {
	o := diag.Observer{
		Client: r.client, Concurrency: c.client.concurrency, Retries: c.client.retries,
		Tool: tool(), Progress: say.step, Config: r.config,
	}
	store, err := all.OpenStore(r.stack.Storage, remote.Options{Progress: say.sending()})
	if err != nil {
		return nil, err
	}
	defer func() { _ = store.Close() }()
	o.Store = store
	if r.stack.Companion {
		spec, err := sendfile.ParseSpec(r.stack.Sendfile, "")
		if err != nil {
			return nil, err
		}
		if o.Companion, err = diag.StartCompanion(r.stack.Backend, c.stack.companionListen, spec); err != nil {
			return nil, err
		}
		defer func() { _ = o.Companion.Close() }()
	}
	if c.wait > 0 {
		o.Progress("waiting for the stack to answer")
		for _, silent := range await(ctx, r.stack, o.Client, c.wait) {
			fmt.Fprintf(std.err, "proxydiag: --wait %s: nothing answered at %s\n", c.wait, silent)
		}
	}
	return o.Run(ctx, r.stack, all.Families()), nil
}
