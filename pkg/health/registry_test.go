package health

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// watched is a registry with a log that can be read.
func watched(t *testing.T, checks ...Check) (*Registry, *bytes.Buffer) {
	t.Helper()
	var log bytes.Buffer
	r := &Registry{Interval: time.Minute, Log: slog.New(slog.NewTextHandler(&log, nil))}
	for _, c := range checks {
		if err := r.Add(c); err != nil {
			t.Fatal(err)
		}
	}
	return r, &log
}

// during runs a registry while f does.
func during(t *testing.T, r *Registry, f func()) {
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	wg.Go(func() { r.Run(ctx) })
	f()
	cancel()
	wg.Wait()
}

// after lets time pass and gives the results.
func after(r *Registry, d time.Duration) []Result {
	time.Sleep(d)
	synctest.Wait()
	return r.Results()
}

func counting(n *atomic.Int64) func(context.Context) error {
	return func(context.Context) error { n.Add(1); return nil }
}

func TestSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var often, seldom atomic.Int64
		r, _ := watched(t, Check{Name: "often", Interval: 10 * time.Second, Func: counting(&often)}, Check{Name: "seldom", Func: counting(&seldom)})
		during(t, r, func() {
			if got := r.Results()[0]; got.State != Unknown {
				t.Errorf("before the first run: %+v", got)
			}
			got := after(r, firstWithin)
			if got[0].State != Up || got[1].State != Up || got[0].Runs != 1 {
				t.Errorf("all ran within %s: %+v", firstWithin, got)
			}
			after(r, 10*time.Minute)
		})
		if n := often.Load(); n < 55 || n > 67 {
			t.Errorf("%d runs in 10 minutes, one is due every 10 s, give or take a tenth", n)
		}
		if n := seldom.Load(); n < 10 || n > 12 {
			t.Errorf("%d runs in 10 minutes, one is due every minute", n)
		}
	})
}

// TestSlowCheck: one that hangs delays no other, counts as failed when its time
// is over, and is not started again before it ends.
func TestSlowCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var started, quick atomic.Int64
		release := make(chan struct{})
		r, _ := watched(t,
			Check{Name: "hangs", Timeout: time.Second, Func: func(context.Context) error { started.Add(1); <-release; return nil }},
			Check{Name: "obeys", Timeout: time.Second, Func: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }},
			Check{Name: "quick", Interval: time.Second, Func: counting(&quick)})
		during(t, r, func() {
			got := after(r, 4*time.Second)
			if got[0].State != Down || got[0].Message != "timed out after 1s" || got[1].Message != "timed out after 1s" {
				t.Errorf("%+v", got)
			}
			got = after(r, 5*time.Minute)
			if !strings.Contains(got[0].Message, "has not ended") || started.Load() != 1 {
				t.Errorf("started %d times: %+v", started.Load(), got[0])
			}
			if quick.Load() < 270 {
				t.Errorf("the quick one ran %d times in 5 minutes", quick.Load())
			}
			close(release)
			if got := after(r, 2*time.Minute)[0]; got.State != Up {
				t.Errorf("it has ended: %+v", got)
			}
		})
	})
}

func TestPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, log := watched(t, Check{Name: "bad", Func: func(context.Context) error { panic("hush") }})
		during(t, r, func() {
			if got := after(r, 3*time.Second)[0]; got.State != Down || strings.Contains(got.Message, "hush") || strings.Contains(got.Message, "goroutine") {
				t.Errorf("%+v", got)
			}
		})
		if !strings.Contains(log.String(), "registry_test.go") {
			t.Errorf("the log does not say where: %s", log)
		}
	})
}

func TestChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var state atomic.Value
		state.Store("")
		r, log := watched(t, Check{Name: "a", Kind: "thing", Func: func(context.Context) error {
			switch s := state.Load().(string); s {
			case "":
				return nil
			case "warn":
				return Warn("%d %% full", 91)
			default:
				return errors.New(s)
			}
		}})
		r.Redact = func(s string) string { return strings.ReplaceAll(s, "hush", "…") }
		during(t, r, func() {
			after(r, 3*time.Second)
			for _, s := range []string{"broken by hush", "broken by hush", "warn", ""} {
				state.Store(s)
				after(r, 70*time.Second)
			}
		})
		var got []string
		for _, c := range r.Changes() {
			got = append(got, string(c.From)+" "+string(c.To)+" "+c.Message)
		}
		if d := cmp.Diff([]string{"degraded up ", "down degraded 91 % full", "up down broken by …"}, got); d != "" {
			t.Errorf("changes (-want +got):\n%s", d)
		}
		if strings.Count(log.String(), "state changed") != 4 || strings.Contains(log.String(), "hush") {
			t.Errorf("log: %s", log)
		}
		res := r.Results()[0]
		if res.Failures == 0 || res.Failures >= res.Runs || res.Success != res.Checked {
			t.Errorf("%+v", res)
		}

		// What is known outlives the process.
		text, err := json.Marshal(r.Snapshot())
		if err != nil {
			t.Fatal(err)
		}
		var s Snapshot
		if err := json.Unmarshal(text, &s); err != nil {
			t.Fatal(err)
		}
		other, _ := watched(t, Check{Name: "a", Kind: "thing", Func: func(context.Context) error { return nil }}, Check{Name: "new", Func: func(context.Context) error { return nil }})
		other.Restore(s)
		if d := cmp.Diff(r.Results()[0], other.Results()[0]); d != "" || other.Results()[1].State != Unknown {
			t.Errorf("(-before +after):\n%s", d)
		}
		if len(other.Changes()) != 3 {
			t.Errorf("%v", other.Changes())
		}
	})
}

// TestStale: a result that is older than three intervals is a failure.
func TestStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := watched(t, Check{Name: "a", Func: func(context.Context) error { return nil }})
		if err := r.Fresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := after(r, 3*time.Minute)[0]; got.State != Up {
			t.Errorf("%+v", got)
		}
		if got := after(r, time.Second)[0]; got.State != Down || !strings.HasPrefix(got.Message, "stale: the last result is 3m1s old") {
			t.Errorf("%+v", got)
		}
	})
}

// TestOnceIsNeverStale: where each check runs once, one that is slow makes no
// other one's result too old.
func TestOnceIsNeverStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, _ := watched(t,
			Check{Name: "quick", Interval: time.Second, Func: func(context.Context) error { return nil }},
			Check{Name: "slow", Interval: 10 * time.Second, Func: func(context.Context) error { time.Sleep(6 * time.Second); return nil }})
		r.Once(t.Context())
		if got := r.Results(); got[0].State != Up || got[1].State != Up {
			t.Errorf("%+v", got)
		}
	})
}

// TestFresh: many who ask at once cause one run, and one that has just ended
// counts.
func TestFresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var n atomic.Int64
		r, _ := watched(t, Check{Name: "a", Func: func(context.Context) error { time.Sleep(time.Second); n.Add(1); return nil }}, Check{Name: "b", Func: counting(new(atomic.Int64))})
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if err := r.Fresh(t.Context(), "a"); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n.Load() != 1 {
			t.Errorf("%d runs", n.Load())
		}
		r.Fresh(t.Context())
		if n.Load() != 1 {
			t.Errorf("it was just checked: %d runs", n.Load())
		}
		time.Sleep(DefaultFresh)
		r.Fresh(t.Context(), "a")
		if n.Load() != 2 {
			t.Errorf("%d runs", n.Load())
		}
		if err := r.Fresh(t.Context(), "none"); !errors.Is(err, ErrUnknownCheck) {
			t.Error(err)
		}
		time.Sleep(DefaultFresh)
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if err := r.Fresh(ctx, "a"); !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		synctest.Wait()
		time.Sleep(2 * time.Second)
		if got := r.Results()[0]; got.State != Up || got.Runs != 3 {
			t.Errorf("the caller has gone, the run counts all the same: %+v", got)
		}
	})
}

// TestStopped: what is under way when the registry ends may clean up, and is no
// failure.
func TestStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cleaned := false
		r, _ := watched(t, Check{Name: "a", Func: func(ctx context.Context) error {
			<-ctx.Done()
			time.Sleep(time.Second)
			cleaned = true
			return ctx.Err()
		}})
		during(t, r, func() { after(r, 3*time.Second) })
		if !cleaned || r.Results()[0].Runs != 0 || len(r.Changes()) != 0 {
			t.Errorf("cleaned: %v, %+v", cleaned, r.Results())
		}
	})
}

func TestAdd(t *testing.T) {
	f := func(context.Context) error { return nil }
	r := &Registry{}
	if err := r.Add(Check{Name: "a", Func: f}); err != nil {
		t.Fatal(err)
	}
	for want, c := range map[string]Check{
		"two checks of this name":            {Name: "a", Func: f},
		"cannot be the name of a check":      {Name: "a/b", Func: f},
		"cannot be the name of a kind":       {Name: "b", Kind: "x y", Func: f},
		"it has no function":                 {Name: "c"},
		"cannot be less than nothing":        {Name: "d", Func: f, Interval: -1},
		"longer than its interval of 2s":     {Name: "e", Func: f, Interval: 2 * time.Second, Timeout: 3 * time.Second},
		"its timeout of 1m0s is longer than": {Name: "g", Func: f, Timeout: time.Minute},
	} {
		if err := r.Add(c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", want, err)
		}
	}
}
