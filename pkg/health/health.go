// Package health keeps watching things and tells how they are: a registry of
// named checks that run on a schedule of their own, and an [http.Handler] that
// answers load balancers, orchestrators, monitoring and people.
//
//	reg := &health.Registry{}
//	reg.Add(health.Check{Name: "queue", Critical: true, Func: queue.Ping})
//	go reg.Run(ctx)
//	mux.Handle("/", &health.Handler{Registry: reg})
//
// A request never starts a check: it is answered with the last result and its
// age, so that asking often loads nobody but the endpoint. A result that is
// older than three intervals counts as a failure.
package health

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"
)

// State says how something is.
type State string

// The states.
const (
	Up       State = "up"
	Degraded State = "degraded" // it works, and something about it needs attention
	Down     State = "down"
	Unknown  State = "unknown" // it was not checked yet
)

// rank orders states: the worse, the higher. What is not known is as bad as a
// failure for who asks whether something works.
func (s State) rank() int {
	switch s {
	case Up:
		return 0
	case Degraded:
		return 1
	case Unknown:
		return 2
	}
	return 3
}

// OK says that it works.
func (s State) OK() bool { return s == Up || s == Degraded }

// Worst is the worst state of all results, Up of none.
func Worst(results []Result) State {
	worst := Up
	for _, r := range results {
		if r.State.rank() > worst.rank() {
			worst = r.State
		}
	}
	return worst
}

// Check is one thing to watch. Name and one of Func and Observe are needed.
type Check struct {
	// Name is unique in a registry: letters, digits, dots, dashes and
	// underscores.
	Name string
	// Kind groups checks of one sort; empty: "check".
	Kind string
	// Func returns nil where all is well, a [Warning] where it works and is in
	// danger, any other error where it does not work. The error's text is shown
	// to callers who may see details. It is expected to end with its context; one
	// that does not is left running and counts as failed until it ends.
	Func func(context.Context) error
	// Observe is like Func and has more to say.
	Observe func(context.Context) (Observation, error)
	// Interval is the time between two starts, Timeout how long one run may take;
	// 0 is the registry's.
	Interval, Timeout time.Duration
	// Critical says that the process is not ready to serve without it.
	Critical bool
}

// Observation is what a check has to say besides that it passed or failed.
type Observation struct {
	// Text is a sentence for people where there is no error.
	Text string
	// Value is what was measured, in Unit ("%", "ms", "days"); it counts where
	// Unit is not empty.
	Value float64
	Unit  string
}

// Warning is the error of a check that passes, and has something to tell: the
// state is Degraded.
type Warning struct{ Err error }

// Error implements error.
func (w *Warning) Error() string { return w.Err.Error() }

// Unwrap returns what the warning is about.
func (w *Warning) Unwrap() error { return w.Err }

// Warn makes a [Warning], formatted as by [fmt.Errorf].
func Warn(format string, args ...any) error { return &Warning{Err: fmt.Errorf(format, args...)} }

// stateOf is the state that an error stands for.
func stateOf(err error) State {
	if err == nil {
		return Up
	}
	if _, ok := errors.AsType[*Warning](err); ok {
		return Degraded
	}
	return Down
}

// checkName is what a check and a kind may be called.
var checkName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$`)
