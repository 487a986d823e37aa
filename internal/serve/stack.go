package serve

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"html/template"
	"strings"
	"sync"
	"time"

	"github.com/proxydiag/proxydiag/internal/project"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/health"
	"github.com/proxydiag/proxydiag/pkg/report"
)

// StackRun checks a stack once.
type StackRun func(ctx context.Context) (*diag.Record, diag.Report, error)

// Stack is a stack of the file.
type Stack struct {
	Name string
	// Settings are what the file says of it.
	Settings []project.Setting
	Run      StackRun
	// Sweep removes fixtures that killed runs have left and that are so old; it
	// returns their names.
	Sweep func(ctx context.Context, age time.Duration) ([]string, error)
}

// storage is where the stack's fixtures go, as the file says it.
func (st Stack) storage() string {
	for _, s := range st.Settings {
		if s.Name == "storage" {
			return strings.Join(s.Values, " ")
		}
	}
	return ""
}

// kindStack is the kind of the checks that are stacks.
const kindStack = "stack"

// reports are the last reports by stack, with what a page shows of them.
type reports struct {
	mu   sync.RWMutex
	last map[string]diag.Report
	part map[string]template.HTML
}

func (r *reports) keep(name string, rep diag.Report) {
	var b bytes.Buffer
	err := report.HTMLPart(&b, rep, "stack-"+name)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.last == nil {
		r.last, r.part = map[string]diag.Report{}, map[string]template.HTML{}
	}
	r.last[name] = rep
	if err == nil {
		r.part[name] = template.HTML(b.String()) //nolint:gosec // it was written by a template that escapes
	}
}

// drop forgets a report that does not say how the stack is now.
func (r *reports) drop(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.last, name)
	delete(r.part, name)
}

func (r *reports) get(name string) (diag.Report, bool) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	rep, ok := r.last[name]
	return rep, ok
}

// all are copies, to be written down.
func (r *reports) all() map[string]diag.Report {
	r.mu.RLock()
	defer r.mu.RUnlock()
	out := map[string]diag.Report{}
	for name, rep := range r.last {
		out[name] = rep
	}
	return out
}

// more is what the page shows below a check.
func (r *reports) more(res health.Result) template.HTML {
	r.mu.RLock()
	defer r.mu.RUnlock()
	part := r.part[res.Name]
	if res.Kind != kindStack || part == "" {
		return ""
	}
	open := " open"
	if res.State == health.Up {
		open = "" // what is well needs no room
	}
	return template.HTML(fmt.Sprintf("<details class=\"more\"%s><summary>%s in detail</summary>\n", open, template.HTMLEscapeString(res.Name))) + part + "</details>\n" //nolint:gosec // the name is escaped
}

// verdict puts a report into what a check says: a finding at failOn or above is
// a failure, one at warning or above a warning. What could not be judged is a
// failure too: nobody knows whether downloads arrive.
func verdict(rep diag.Report, failOn diag.Severity) (health.Observation, error) {
	text := report.Headline(rep)
	if rep.Status == diag.Inconclusive {
		return health.Observation{}, errors.New("inconclusive: " + undecided(rep))
	}
	worst := diag.Severity("")
	for _, f := range rep.Findings {
		if f.Counts(diag.Info) && !worst.AtLeast(f.Severity) {
			worst = f.Severity
		}
	}
	if len(rep.Findings) > 0 && worst != "" {
		text += " (" + rep.Findings[0].Code + ")"
	}
	switch {
	case worst != "" && worst.AtLeast(failOn):
		return health.Observation{}, errors.New(text)
	case worst.AtLeast(diag.Warning):
		return health.Observation{}, health.Warn("%s", text)
	}
	return health.Observation{Text: report.Headline(rep)}, nil
}

// undecided says why nothing is known: the first check that could not be judged
// of those that are the legs, or of all.
func undecided(rep diag.Report) string {
	for _, legs := range []bool{true, false} {
		for _, c := range rep.Checks {
			if c.Status == diag.Unknown && (c.ID == "end-to-end" || c.ID == "backend" || c.ID == "storage" || !legs) {
				return c.ID + ": " + c.Reason
			}
		}
	}
	return strings.TrimPrefix(report.Headline(rep), "inconclusive: ")
}

// watch makes a check of a stack.
func (s *server) watch(st Stack, failOn diag.Severity) func(context.Context) (health.Observation, error) {
	return func(ctx context.Context) (health.Observation, error) {
		rec, rep, err := st.Run(ctx)
		if err == nil && ctx.Err() != nil {
			err = ctx.Err() // what a run that was broken off says is no verdict
		}
		if err != nil {
			s.reports.drop(st.Name)
			return health.Observation{}, err
		}
		s.reports.keep(st.Name, rep)
		s.legs.observe(st.Name, rec)
		return verdict(rep, failOn)
	}
}

// sweeps removes what killed runs have left, now and from time to time: what a
// predecessor left a moment ago is not old enough to be told from what a run
// that is still going on uses.
func (s *server) sweeps(ctx context.Context) {
	age := cmp.Or(s.Config.Sweep, defaultSweep)
	for {
		for _, st := range s.Stacks {
			s.sweep(ctx, st, age)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(max(age/4, time.Second)):
		}
	}
}

// sweptWithin is how long a storage may take.
const sweptWithin = 5 * time.Minute

// sweep removes what killed runs have left in a stack's storage.
func (s *server) sweep(ctx context.Context, st Stack, age time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, sweptWithin)
	defer cancel()
	names, err := st.Sweep(ctx, age)
	for _, name := range names {
		s.Log.Info("removed what a killed run has left", "stack", st.Name, "fixture", name)
	}
	if err != nil && !errors.Is(ctx.Err(), context.Canceled) {
		s.Log.Warn("what killed runs have left cannot be removed", "stack", st.Name, "error", s.Redact.Redact(err.Error()))
	}
}

// uniqueNames says where a stack and a check are called alike.
func uniqueNames(c *Config, stacks []Stack) error {
	for _, check := range c.Checks {
		for _, st := range stacks {
			if st.Name == check.Name {
				return fmt.Errorf("a check and a stack are both called %s; give the check another name", st.Name)
			}
		}
	}
	return nil
}
