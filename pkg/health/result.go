package health

import (
	"fmt"
	"time"
)

// staleAfter is how many intervals a result counts for.
const staleAfter = 3

// Result is the last outcome of a check.
type Result struct {
	Name     string `json:"name"`
	Kind     string `json:"kind"`
	Critical bool   `json:"critical,omitempty"`
	State    State  `json:"state"`
	// Message says why the state is not Up, or what was observed.
	Message string `json:"message,omitempty"`
	// Checked is when the run ended that this is the result of; zero: none did.
	Checked  time.Time     `json:"checked,omitzero"`
	Duration time.Duration `json:"duration,omitempty"` // of that run
	Interval time.Duration `json:"interval"`           // between two runs
	// Since is when the state became what it is, Success when it was last Up or
	// Degraded.
	Since   time.Time `json:"since,omitzero"`
	Success time.Time `json:"success,omitzero"`
	// Runs counts the runs, Failures those of them that ended as Down.
	Runs     uint64 `json:"runs"`
	Failures uint64 `json:"failures"`
	// Value was measured, in Unit; it counts where Unit is not empty.
	Value float64 `json:"value,omitempty"`
	Unit  string  `json:"unit,omitempty"`
}

// Age is how old the result is.
func (r Result) Age(now time.Time) time.Duration {
	if r.Checked.IsZero() {
		return 0
	}
	return max(0, now.Sub(r.Checked))
}

// Stale says that the result is too old to count.
func (r Result) Stale(now time.Time) bool {
	return !r.Checked.IsZero() && r.Age(now) > staleAfter*r.Interval
}

// at is the result as it counts at a time.
func (r Result) at(now time.Time) Result {
	if r.Stale(now) {
		r.State = Down
		r.Message = fmt.Sprintf("stale: the last result is %s old, and a check is due every %s", rounded(r.Age(now)), rounded(r.Interval))
	}
	return r
}

// bare is the result for callers who may know states only.
func (r Result) bare() Result {
	r.Message, r.Value, r.Unit = "", 0, ""
	return r
}

// rounded is a duration for people.
func rounded(d time.Duration) time.Duration {
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond)
	case d < time.Minute:
		return d.Round(100 * time.Millisecond)
	}
	return d.Round(time.Second)
}

// Change is a change of a check's state.
type Change struct {
	Time    time.Time `json:"time"`
	Name    string    `json:"name"`
	Kind    string    `json:"kind"`
	From    State     `json:"from"`
	To      State     `json:"to"`
	Message string    `json:"message,omitempty"`
}

// Snapshot is what a registry knows, to be kept over a restart.
type Snapshot struct {
	Results []Result `json:"results"`
	Changes []Change `json:"changes"`
}
