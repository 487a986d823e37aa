package health

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"
)

// outcome is what a function returned.
type outcome struct {
	seen Observation
	err  error
}

// run runs a check once and keeps its result. Where the registry's context ends
// meanwhile there is none: that says nothing about what is checked.
func (r *Registry) run(e *entry) {
	r.mu.Lock()
	base := r.base
	busy := e.busy
	e.busy = true
	r.mu.Unlock()
	if base == nil {
		base = context.Background()
	}
	if base.Err() != nil && !busy {
		r.free(e)
		return
	}
	start := time.Now()
	if busy {
		r.keep(e, outcome{err: fmt.Errorf("the run before this one has not ended, though its time of %s is over", rounded(e.check.Timeout))}, start)
		return
	}
	ctx, cancel := context.WithTimeout(base, e.check.Timeout)
	done := make(chan outcome, 1)
	r.running.Go(func() {
		defer cancel()
		o := r.call(ctx, e.check)
		r.free(e)
		done <- o
	})
	var o outcome
	select {
	case o = <-done:
	case <-ctx.Done():
		select {
		case o = <-done: // it has just ended
		default:
			o.err = overdue(e.check)
		}
	}
	if base.Err() != nil && o.err != nil {
		return
	}
	if errors.Is(o.err, context.DeadlineExceeded) && ctx.Err() != nil {
		o.err = overdue(e.check)
	}
	r.keep(e, o, start)
}

func overdue(c Check) error { return fmt.Errorf("timed out after %s", rounded(c.Timeout)) }

func (r *Registry) free(e *entry) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e.busy = false
}

// call calls a check's function. One that panics has failed; where it did is
// for the log.
func (r *Registry) call(ctx context.Context, c Check) (o outcome) {
	defer func() {
		if v := recover(); v != nil {
			r.log().Error("a check panicked", "check", c.Name, "panic", r.redacted(fmt.Sprint(v)), "stack", r.redacted(string(debug.Stack())))
			o = outcome{err: errors.New("the check panicked; the log says where")}
		}
	}()
	o.seen, o.err = c.Observe(ctx)
	return o
}

// keep keeps a result, and tells where the state has changed.
func (r *Registry) keep(e *entry, o outcome, start time.Time) {
	now := time.Now()
	message := o.seen.Text
	if o.err != nil {
		message = o.err.Error()
	}
	message = r.redacted(message)
	r.mu.Lock()
	was := e.result.State
	res := &e.result
	res.State, res.Message, res.Checked, res.Duration = stateOf(o.err), message, now, now.Sub(start)
	res.Value, res.Unit = o.seen.Value, o.seen.Unit
	res.Runs++
	if res.State.OK() {
		res.Success = now
	} else {
		res.Failures++
	}
	changed := res.State != was
	if changed {
		res.Since = now
	}
	if changed && (was != Unknown || res.State != Up) {
		r.changes = append([]Change{{Time: now, Name: res.Name, Kind: res.Kind, From: was, To: res.State, Message: message}}, r.changes...)
		r.trim()
	}
	kept := *res
	r.mu.Unlock()
	if changed {
		level := map[State]slog.Level{Up: slog.LevelInfo, Degraded: slog.LevelWarn, Down: slog.LevelError}[kept.State]
		r.log().Log(context.Background(), level, "state changed", "check", kept.Name, "kind", kept.Kind, "from", string(was), "to", string(kept.State), "message", message)
	}
	if r.OnResult != nil {
		r.OnResult(kept)
	}
}
