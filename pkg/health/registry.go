package health

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

// What a registry does where it is not told otherwise.
const (
	DefaultInterval = 30 * time.Second
	DefaultTimeout  = 10 * time.Second
	DefaultHistory  = 100
	DefaultFresh    = 5 * time.Second
)

// firstWithin is the time within which all checks run first.
const firstWithin = 2 * time.Second

// Registry runs checks on their schedules and keeps the results. The zero
// Registry is ready to use; its methods may be called from several goroutines,
// Add before Run only.
type Registry struct {
	// Interval and Timeout are those of checks that have none of their own; 0:
	// DefaultInterval, and DefaultTimeout or the interval where that is shorter.
	Interval, Timeout time.Duration
	// History is how many changes are kept; 0: DefaultHistory.
	History int
	// FreshAge is how young a result is that [Registry.Fresh] leaves as it is; 0:
	// DefaultFresh.
	FreshAge time.Duration
	// Redact, where not nil, takes out of a message what nobody may read.
	Redact func(string) string
	// Log is told each change of a state; nil: slog.Default().
	Log *slog.Logger
	// OnResult, where not nil, is told each result. It is called while the check
	// counts as running: it should return soon.
	OnResult func(Result)

	mu      sync.Mutex
	entries []*entry
	changes []Change // the newest first
	base    context.Context
	single  bool // each check runs once only: nothing becomes stale
	flights singleflight.Group
	running sync.WaitGroup
}

// entry is a check with its last result.
type entry struct {
	check  Check
	result Result
	busy   bool // the function has not returned, though its time may be over
}

// Add adds a check. The error says what is wrong with it.
func (r *Registry) Add(c Check) error {
	c.Kind = cmp.Or(c.Kind, "check")
	c.Interval = cmp.Or(c.Interval, r.Interval, DefaultInterval)
	if c.Timeout == 0 {
		c.Timeout = min(c.Interval, cmp.Or(r.Timeout, DefaultTimeout))
	}
	if c.Func != nil && c.Observe == nil {
		c.Observe = func(ctx context.Context) (Observation, error) { return Observation{}, c.Func(ctx) }
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case !checkName.MatchString(c.Name):
		return fmt.Errorf("%q cannot be the name of a check; use letters, digits, dots, dashes and underscores", c.Name)
	case !checkName.MatchString(c.Kind):
		return fmt.Errorf("check %s: %q cannot be the name of a kind", c.Name, c.Kind)
	case c.Observe == nil:
		return fmt.Errorf("check %s: it has no function", c.Name)
	case c.Interval < 0 || c.Timeout < 0:
		return fmt.Errorf("check %s: interval and timeout cannot be less than nothing", c.Name)
	case c.Timeout > c.Interval:
		return fmt.Errorf("check %s: its timeout of %s is longer than its interval of %s", c.Name, c.Timeout, c.Interval)
	case r.base != nil:
		return fmt.Errorf("check %s: the registry runs already", c.Name)
	case r.find(c.Name) != nil:
		return fmt.Errorf("check %s: there are two checks of this name", c.Name)
	}
	r.entries = append(r.entries, &entry{check: c, result: Result{
		Name: c.Name, Kind: c.Kind, Critical: c.Critical, State: Unknown, Interval: c.Interval,
	}})
	return nil
}

func (r *Registry) find(name string) *entry {
	for _, e := range r.entries {
		if e.check.Name == name {
			return e
		}
	}
	return nil
}

// Run checks everything on its schedule until ctx ends, and then waits for the
// checks that are under way. Each check has a rhythm of its own: a slow one
// delays no other, and a little chance keeps those of one interval apart.
func (r *Registry) Run(ctx context.Context) {
	r.mu.Lock()
	r.base, r.single = ctx, false
	entries := slices.Clone(r.entries)
	r.mu.Unlock()
	var wg sync.WaitGroup
	for _, e := range entries {
		wg.Go(func() { r.watch(ctx, e) })
	}
	wg.Wait()
	r.running.Wait()
}

// Once runs every check once, all at the same time, and waits for them: for
// programs that look and end. The runs end with ctx. No result is stale then,
// however long another check takes.
func (r *Registry) Once(ctx context.Context) {
	r.mu.Lock()
	r.base, r.single = ctx, true
	entries := slices.Clone(r.entries)
	r.mu.Unlock()
	var wg sync.WaitGroup
	for _, e := range entries {
		wg.Go(func() { r.once(e) })
	}
	wg.Wait()
	r.running.Wait()
}

// watch runs one check again and again.
func (r *Registry) watch(ctx context.Context, e *entry) {
	timer := time.NewTimer(rand.N(min(firstWithin, e.check.Interval/10) + 1))
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		start := time.Now()
		r.once(e)
		timer.Reset(jittered(e.check.Interval) - time.Since(start))
	}
}

// jittered is a duration with up to a tenth less or more.
func jittered(d time.Duration) time.Duration { return d - d/10 + rand.N(d/5+1) }

// once runs a check, or waits for the run that is under way.
func (r *Registry) once(e *entry) {
	_, _, _ = r.flights.Do(e.check.Name, func() (any, error) { r.run(e); return nil, nil })
}

// Results are the results as they count now, in the order of adding.
func (r *Registry) Results() []Result {
	now := time.Now()
	r.mu.Lock()
	defer r.mu.Unlock()
	list := make([]Result, len(r.entries))
	for i, e := range r.entries {
		list[i] = e.result
		if !r.single {
			list[i] = e.result.at(now)
		}
	}
	return list
}

// Changes are the last changes of states, the newest first.
func (r *Registry) Changes() []Change {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.changes)
}

// ErrUnknownCheck is in the error of [Registry.Fresh] for a name that there is
// no check of.
var ErrUnknownCheck = errors.New("there is no such check")

// Fresh runs the named checks, all where none is named, at once, and waits for
// them or for ctx. A run that is under way is waited for, and a result that is
// younger than FreshAge is left as it is: however often it is called, nothing
// is checked more often than that.
func (r *Registry) Fresh(ctx context.Context, names ...string) error {
	r.mu.Lock()
	var list []*entry
	now := time.Now()
	for _, e := range r.entries {
		if len(names) > 0 && !slices.Contains(names, e.check.Name) {
			continue
		}
		if e.result.Runs == 0 || e.result.Age(now) >= cmp.Or(r.FreshAge, DefaultFresh) {
			list = append(list, e)
		}
	}
	for _, name := range names {
		if r.find(name) == nil {
			r.mu.Unlock()
			return fmt.Errorf("%s: %w", name, ErrUnknownCheck)
		}
	}
	r.mu.Unlock()
	done := make(chan struct{})
	go func() {
		defer close(done)
		var wg sync.WaitGroup
		for _, e := range list {
			wg.Go(func() { r.once(e) })
		}
		wg.Wait()
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Snapshot is what is known now.
func (r *Registry) Snapshot() Snapshot {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := Snapshot{Changes: slices.Clone(r.changes), Results: []Result{}}
	for _, e := range r.entries {
		if e.result.Runs > 0 {
			s.Results = append(s.Results, e.result)
		}
	}
	return s
}

// Restore takes over what was known before, before Run. What is about checks
// that are not there any more is left out of the results.
func (r *Registry) Restore(s Snapshot) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.changes = slices.Clone(s.Changes)
	slices.SortStableFunc(r.changes, func(a, b Change) int { return b.Time.Compare(a.Time) })
	r.trim()
	for _, old := range s.Results {
		e := r.find(old.Name)
		if e == nil || e.check.Kind != old.Kind {
			continue
		}
		old.Critical, old.Interval = e.check.Critical, e.check.Interval
		e.result = old
	}
}

func (r *Registry) trim() {
	r.changes = r.changes[:min(len(r.changes), cmp.Or(r.History, DefaultHistory))]
}

// log is where changes are told.
func (r *Registry) log() *slog.Logger {
	if r.Log != nil {
		return r.Log
	}
	return slog.Default()
}

// redacted is a message as it may be kept.
func (r *Registry) redacted(text string) string {
	if r.Redact != nil {
		text = r.Redact(text)
	}
	return strings.TrimSpace(text)
}
