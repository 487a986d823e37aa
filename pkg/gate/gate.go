// Package gate starts the real server with a user's own configuration, in a
// sandbox on this machine, and tries the downloads that it offers: each way in
// to an application with each way out to the files. Where the application would
// be there is the companion, where the files would be there are fixtures.
package gate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// Options say what is tried and how.
type Options struct {
	Kind   server.Kind  // one with a Sandbox
	Config *diag.Config // as it was read
	// Completed says what was added to what was read, for the report.
	Completed []conf.Problem
	Intent    Intent
	// Via and To narrow the pairs to those whose ways have one of the texts in
	// their names; empty: all.
	Via, To []string

	// RealStorage uses the folders of this machine that the configuration names,
	// and not copies of their paths in the sandbox.
	RealStorage bool
	// AllowMissing leaves out includes that are not there.
	AllowMissing bool
	// Binary is the server's program; empty: as for Kind.Launch.
	Binary string

	Profile     diag.Profile
	Client      compare.Options
	Concurrency int // pairs under way at once; 0 means 4
	Tool        diag.Tool
	Progress    func(string) // may be nil
}

// tried is a pair and the record of trying it, nil where that was not possible.
type tried struct {
	Pair
	record *diag.Record
}

// Run tries a configuration and judges it. The error is a *conf.Error where the
// server refuses the configuration, with the places in the user's files, or says
// why nothing could be tried.
func Run(ctx context.Context, o Options) (rep diag.Report, err error) {
	offers, pairs, nothing := o.plan(ctx)
	if err := ctx.Err(); err != nil {
		return rep, err
	}
	if len(pairs) > mostPairs {
		return rep, fmt.Errorf("the configuration has %d ways of a download, and at most %d are tried at once; narrow them with --via and --to, --list shows them", len(pairs), mostPairs)
	}
	box, err := open(o)
	if err != nil {
		return rep, err
	}
	defer func() {
		if closed := box.close(); err == nil {
			err = closed
		}
	}()
	if err := box.link(offers); err != nil {
		return rep, err
	}
	err = box.start(ctx, pairs)
	if nothing != nil && !errors.As(err, new(*conf.Error)) { // which the server would refuse
		if rep = o.alone(nothing.Error()); rep.Status != diag.Misconfigured {
			return rep, nothing
		}
		return rep, nil
	}
	if err != nil {
		return rep, err
	}
	rep = o.merge(o.try(ctx, box, pairs))
	if !slices.ContainsFunc(pairs, func(p Pair) bool { return !p.MadeUp }) {
		o.read(&rep)
	}
	rep.Changes = append(slices.Clone(o.Completed), box.server.Changes...)
	return rep, nil
}

// mostPairs is how many pairs are tried at most.
const mostPairs = 2000

// plan looks for the pairs, and gives up where the context ends: that may take
// long, and nothing waits for what is left then.
func (o Options) plan(ctx context.Context) (server.Offers, []Pair, error) {
	type result struct {
		offers server.Offers
		pairs  []Pair
		err    error
	}
	done := make(chan result, 1)
	go func() {
		var r result
		r.offers = o.Kind.Sandbox.Offers(o.Config.Source)
		r.pairs, r.err = Pairs(r.offers, o)
		done <- r
	}()
	select {
	case r := <-done:
		return r.offers, r.pairs, r.err
	case <-ctx.Done():
		return server.Offers{}, nil, ctx.Err()
	}
}

// alone is what the configuration shows where nothing can be tried, for a reason.
func (o Options) alone(reason string) diag.Report {
	rec := &diag.Record{Version: diag.RecordVersion, Tool: o.Tool, Started: time.Now().UTC(), Config: o.Config}
	static := slices.DeleteFunc(slices.Clone(o.Kind.Rules), func(r diag.Rule) bool { return !r.Static })
	tried := diag.Check{ID: "pairs", Title: "the downloads of the configuration can be tried", Judge: func(*diag.View) (diag.Status, string) {
		return diag.Unknown, reason
	}}
	rep := diag.Judge(rec, static, []diag.Check{tried})
	rep.Keep(o.counts, dependsOnIntent)
	return rep
}

// try runs the pairs, several at once.
func (o Options) try(ctx context.Context, box *sandbox, pairs []Pair) []tried {
	limit := o.Concurrency
	if limit <= 0 {
		limit = 4
	}
	slots := make(chan struct{}, limit)
	list := make([]tried, len(pairs))
	var wg sync.WaitGroup
	for i, p := range pairs {
		list[i].Pair = p
		if p.Untried != "" {
			continue
		}
		slots <- struct{}{}
		wg.Go(func() {
			list[i].record = box.observe(ctx, o, p)
			<-slots
		})
	}
	wg.Wait()
	return list
}

// String names a pair for people.
func (p Pair) String() string { return fmt.Sprintf("%s → %s", p.Via.Name, p.To.Name) }
