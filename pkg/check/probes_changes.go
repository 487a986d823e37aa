package check

import (
	"time"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// settled is how long a server may go by what it knew of a file: the time of
// a file counts seconds, and some keep its length for about one.
const settled = 1200 * time.Millisecond

// change is a rewriting of a fixture in place, and what is asked before and after.
type change struct {
	from, to string // roles
	size     int64  // afterwards
	// before are the probes before the change, the first one's validators are used.
	before []string
	// since says that the change comes in a later second, so that
	// If-Modified-Since is judged as well.
	since bool
}

// longer is the first change, of a fixture of its own. It is asked for more
// than once beforehand, one time after the other: some caches begin with the
// second time.
func longer() change {
	return change{from: "grow", to: "longer", size: 70000, before: []string{"proxy-grow", "proxy-grow-again", "proxy-grow-third"}}
}

// shorter is the second change.
func shorter() change {
	return change{from: "longer", to: "shorter", size: 30000, before: []string{"proxy-longer"}, since: true}
}

const growSize = 50000

// the ids of the probes after a change; again, where they show something old.
func (c change) get() string       { return "proxy-" + c.to }
func (c change) getAgain() string  { return c.get() + "-again" }
func (c change) noneMatch() string { return c.get() + "-if-none-match" }
func (c change) modified() string  { return c.get() + "-if-modified-since" }
func (c change) ifRange() string   { return c.get() + "-if-range" }
func (c change) list() []string {
	return []string{c.get(), c.getAgain(), c.noneMatch(), c.modified(), c.ifRange()}
}
func later(id string) string { return id + "-later" }

// changes rewrites a fixture in place, longer, and asks for it with its old
// validators: caches, and validators that do not tell one version from another.
var changes = diag.Family{
	Name: "changes",
	When: "the download works and the backend hands off; with a pause where something old comes",
	Plan: func(v *diag.View) diag.Step {
		if v.Stack.Fixed != "" || !v.Delivered() || len(v.Exchange(diag.BackendGet).Handoffs()) == 0 {
			return diag.Step{}
		}
		step := diag.Step{Put: []diag.Put{{Role: longer().from, Ext: ".bin", Size: growSize}}}
		if !v.Fixture(longer().from).OK() {
			return step
		}
		for _, id := range longer().before {
			step.Probes = append(step.Probes, diag.Probe{ID: id, Port: diag.Proxy, Method: "GET", Role: longer().from})
			if v.Exchange(id) == nil {
				return step
			}
		}
		return longer().plan(v, step)
	},
}

// shrinks rewrites the fixture once more, shorter, in a later second.
var shrinks = diag.Family{
	Name: "shrinks",
	When: "the longer file has come; after a pause; below thorough where the backend's validator stayed the same",
	Plan: func(v *diag.View) diag.Step {
		if !v.Stack.Profile.Includes(diag.Thorough) && !unsettled(v) {
			return diag.Step{}
		}
		if v.Exchange(longer().get()) == nil || longer().old(v) && v.Exchange(later(longer().get())) == nil {
			return diag.Step{}
		}
		return shorter().plan(v, diag.Step{})
	},
}

// plan adds the change and what is asked after it to a step.
func (c change) plan(v *diag.View, step diag.Step) diag.Step {
	first := c.first(v)
	if !first.Delivers() {
		return step
	}
	step.Put = append(step.Put, diag.Put{Role: c.to, Ext: ".bin", Size: c.size, Rewrites: c.from})
	if v.Fixture(c.to) == nil && c.since {
		step.Pause = settled
	}
	if !v.Fixture(c.to).OK() {
		return step
	}
	asked := c.probes(first)
	step.Probes = append(step.Probes, asked...)
	if !c.old(v) {
		return step
	}
	if v.Exchange(later(c.get())) == nil {
		step.Pause = settled
	}
	for _, p := range asked {
		p.ID = later(p.ID)
		step.Probes = append(step.Probes, p)
	}
	step.Probes = append(step.Probes, diag.Probe{ID: OnBackend(c.get()), Port: diag.Backend, Method: "GET", Role: c.to,
		Header: c.validators(first)})
	return step
}

// first is the answer before the change.
func (c change) first(v *diag.View) *diag.Exchange {
	if x := v.Exchange(later(c.before[0])); x != nil {
		return x
	}
	return v.Exchange(c.before[0])
}

// validators are the old ones, as a browser sends them.
func (c change) validators(first *diag.Exchange) compare.Header {
	var h compare.Header
	if etag := first.Header.Get("ETag"); etag != "" {
		h = append(h, ifNoneMatch(etag)...)
	}
	if date := first.Header.Get("Last-Modified"); date != "" && c.since {
		h = append(h, ifModifiedSince(date)...)
	}
	return h
}

// probes ask for the changed file, plainly and with the validators that the
// answer before the change had.
func (c change) probes(first *diag.Exchange) []diag.Probe {
	get := diag.Probe{Port: diag.Proxy, Method: "GET", Role: c.to}
	with := func(id string, h compare.Header) diag.Probe {
		p := get
		p.ID, p.Header = id, h
		return p
	}
	list := []diag.Probe{with(c.get(), nil), with(c.getAgain(), nil)}
	if etag := first.Header.Get("ETag"); etag != "" {
		list = append(list, with(c.noneMatch(), ifNoneMatch(etag)))
	}
	if date := first.Header.Get("Last-Modified"); date != "" && c.since {
		list = append(list, with(c.modified(), ifModifiedSince(date)))
	}
	if etag := strongETag(first); etag != "" {
		list = append(list, with(c.ifRange(), compare.Header{{Name: "Range", Value: "bytes=0-99"}, {Name: "If-Range", Value: etag}}))
	}
	return list
}

// old says that some answer after the change does not have the new bytes.
func (c change) old(v *diag.View) bool {
	for _, id := range c.list() {
		if x := v.Exchange(id); x.Answered() && !x.Delivers() {
			return true
		}
	}
	return false
}

// settledAnswer is the last answer to a probe: the one after the pause, where
// it was asked again; nil where the answer was right, or is no answer.
func settledAnswer(v *diag.View, id string) *diag.Exchange {
	x := v.Exchange(id)
	if again := v.Exchange(later(id)); again != nil {
		x = again
	} else if x != nil && !x.Delivers() {
		return nil // it was to be asked again, and was not
	}
	if !x.Answered() || x.Delivers() {
		return nil
	}
	return x
}
