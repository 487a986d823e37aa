package health

import (
	"cmp"
	"time"
)

// View is what one request is answered with.
type View struct {
	// Title names what is watched.
	Title string
	Now   time.Time
	// State is the worst of the results; OK says that the answer is a success.
	State State
	OK    bool
	// Reason says why it is none where the results do not tell.
	Reason  string
	Results []Result
	// Changes are the last changes, the newest first, for the page and the feed.
	Changes []Change
	// Details says that messages and measurements are there: the caller may see
	// them.
	Details bool
	// Base leads from the answer's path to the others: "" or "../".
	Base string
	// Refresh is the time after which a page asks again, 0 for never.
	Refresh time.Duration
}

// Errors are the messages of what is not up, by name. Callers who may not see
// messages get the state.
func (v View) Errors() map[string]string {
	errs := map[string]string{}
	for _, r := range v.Results {
		if r.State != Up {
			errs[r.Name] = cmp.Or(r.Message, string(r.State))
		}
	}
	return errs
}

// Count is how many results have a state.
func (v View) Count(s State) int {
	n := 0
	for _, r := range v.Results {
		if r.State == s {
			n++
		}
	}
	return n
}

// view is what is told of some results.
func (h *Handler) view(c Caller, results []Result) View {
	v := View{Title: cmp.Or(h.Title, "health"), Now: time.Now(), Details: c.Details, State: Worst(results), Results: results}
	v.OK = v.State.OK()
	if !c.Details {
		for i := range v.Results {
			v.Results[i] = v.Results[i].bare()
		}
	}
	return v
}

// withChanges adds the last changes.
func (h *Handler) withChanges(v View) View {
	v.Changes = h.Registry.Changes()
	if !v.Details {
		for i := range v.Changes {
			v.Changes[i].Message = ""
		}
	}
	return v
}
