// Package cause is what the causes of every kind of server have in common:
// what they know of a run, how a finding names its directive and its evidence,
// and the frames of the functions that a server.Kind consists of.
//
// A kind gives its parser, its router, the form of its log lines, and how a
// directive is written. Its own site embeds Site, and its own route embeds
// route.Route; both are pointers:
//
//	type site struct {
//		cause.Site[*Route]
//		conf   *Config
//		router *Router
//	}
package cause

import (
	"fmt"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/check"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// Certainties of a cause: the configuration says so, and the log does too.
const (
	Configured = 1
	Proven     = 2
)

// Routed is a kind's own route: a pointer to what embeds route.Route.
type Routed interface {
	comparable
	Common() *route.Route
}

// Site is what the causes know of a run.
type Site[R Routed] struct {
	*diag.View
	Writing

	// File is the file that is asked for; nil without a run.
	File *diag.FixtureRecord
	// Download is the way of the plain GET, up to the part of the
	// configuration that asks the backend; nil without a run.
	Download R
	// Value is that of the backend's handoff, "" for none.
	Value string
	// Handoff is what becomes of it; nil where there is none, or where the
	// download does not end at an upstream.
	Handoff R
	// Events are what the error log says.
	Events []Event
}

// New prepares a site as far as it does not need the configuration. event
// reads a line of the error log.
func New[R Routed](v *diag.View, w Writing, event func(line string) (Event, bool)) Site[R] {
	return Site[R]{View: v, Writing: w, File: v.Fixture(diag.RoleMain), Events: Events(v.Record.Log, event)}
}

// Own is a kind's own site: a pointer to what embeds Site.
type Own[R Routed] interface {
	comparable
	base() *Site[R]
}

func (s *Site[R]) base() *Site[R] { return s }

// keys of what is kept on a view.
type (
	siteKey[S any]   struct{}
	configKey[C any] struct{}
)

// Of returns what is known of a run, prepared once a view. It is the zero S
// where no configuration of the kind is at hand.
func Of[S any](v *diag.View, kind string, prepare func(*diag.View) S) S {
	s, _ := v.Memo(siteKey[S]{}, func() any {
		if c := v.Record.Config; c != nil && c.Kind == kind {
			return prepare(v)
		}
		return nil
	}).(S)
	return s
}

// Parsed is the record's configuration, parsed once a run. What is wrong with
// it was told before the run.
func Parsed[C any](v *diag.View, parse func(conf.Source) (C, error)) C {
	c, _ := v.Shared(configKey[C]{}, func() any {
		c, _ := parse(v.Record.Config.Source)
		return c
	}).(C)
	return c
}

// Follow follows a request on from server to server, where one hands it to
// another one of the same configuration: next is the request that a route
// sends to such a one. front are the routes before the last one.
func Follow[R Routed](q route.Request, follow func(route.Request) R, next func(R) (route.Request, bool)) (front []R, last R) {
	const most = 5 // servers that hand over to each other
	last = follow(q)
	for len(front) < most {
		q, ok := next(last)
		if !ok {
			break
		}
		front, last = append(front, last), follow(q)
	}
	return front, last
}

// HandedOver is the backend's answer to the download with the handoff's field.
// ok is false where it has none, or where the download does not end at an
// upstream.
func (s *Site[R]) HandedOver(field string) (h route.Handoff, ok bool) {
	b := s.Exchange(diag.BackendGet)
	if !b.Answered() || !b.Header.Has(field) || Upstream(s.Download) == nil {
		return route.Handoff{}, false
	}
	return route.Handoff{Value: b.Header.Get(field), Status: b.Status, Header: Fields(b)}, true
}

// Judge makes a rule's function of one that looks at a download's site.
func Judge[S Own[R], R Routed](of func(*diag.View) S, f func(S) *diag.Finding) func(*diag.View) []diag.Finding {
	return func(v *diag.View) []diag.Finding {
		s, ok := asked(of, v)
		if !ok {
			return nil
		}
		if found := f(s); found != nil {
			return []diag.Finding{*found}
		}
		return nil
	}
}

// JudgeConfig is Judge for rules that look at the configuration, with or
// without a run.
func JudgeConfig[S comparable](of func(*diag.View) S, f func(S) []diag.Finding) func(*diag.View) []diag.Finding {
	return func(v *diag.View) []diag.Finding {
		var none S
		if s := of(v); s != none {
			return f(s)
		}
		return nil
	}
}

// asked is the site of a run in which the download was asked for.
func asked[S Own[R], R Routed](of func(*diag.View) S, v *diag.View) (s S, ok bool) {
	var none S
	var unasked R
	s = of(v)
	return s, s != none && s.base().Download != unasked
}

// Lost says that the download does not arrive though the backend does its part.
func (s *Site[R]) Lost() bool {
	var none R
	return s.Stored() && s.Download != none && !s.Delivered() && s.Exchange(diag.ProxyGet).Answered() &&
		check.BackendFault(s.View) == ""
}

// Status is what the proxy answers to the plain GET, 0 where it does not.
func (s *Site[R]) Status() int {
	if x := s.Exchange(diag.ProxyGet); x != nil {
		return x.Status
	}
	return 0
}

// Shows says that the wire shows one of the symptoms, "" being none.
func (s *Site[R]) Shows(symptoms ...string) bool {
	got := check.Symptom(s.View)
	for _, symptom := range symptoms {
		if got == symptom {
			return true
		}
	}
	return false
}

// Here says that the proxy runs on this machine.
func (s *Site[R]) Here() bool {
	x := s.Exchange(diag.ProxyGet)
	return x != nil && Client(x.Remote).IsValid()
}

// PassedOn says that the client gets the backend's answer in place of the file,
// though the configuration's upstream handed over.
func (s *Site[R]) PassedOn() bool {
	var none R
	return s.Lost() && s.Handoff != none && s.Status()/100 == 2 && s.Shows("handoff-ignored", "") && s.ToBackend(s.Download)
}

// Changed is the directive, by the name of a field, that is behind a field that
// the client gets otherwise than the backend sends it; nil for none.
func (s *Site[R]) Changed(by func(field string) *conf.Directive) *conf.Directive {
	b, p := s.Exchange(diag.BackendGet), s.Exchange(diag.ProxyGet)
	if !b.Answered() || !p.Answered() {
		return nil
	}
	sent, got := Fields(b), Fields(p)
	for _, f := range b.Header {
		if !slices.Equal(sent.Values(f.Name), got.Values(f.Name)) {
			if at := by(f.Name); at != nil {
				return at
			}
		}
	}
	return nil
}

// With adds to a finding the way through the configuration, and the log.
func (s *Site[R]) With(f *diag.Finding, t R, events ...Event) *diag.Finding {
	f.Evidence = append(f.Evidence, diag.Evidence{Kind: diag.EvidenceConfig, Text: "the way through the configuration: " + Chain(t)})
	for _, e := range events {
		f.Evidence = append(f.Evidence, s.Line(e))
		f.Certainty = Proven
	}
	return f
}

// Chain writes the steps of a route in one line.
func Chain[R Routed](t R) string {
	var steps []string
	for _, step := range t.Common().Steps {
		text := step.Text
		if step.Directive != nil && step.Directive.Pos.Line > 0 {
			text = fmt.Sprintf("%s (line %d)", text, step.Directive.Pos.Line)
		}
		steps = append(steps, text)
	}
	return strings.Join(steps, " → ")
}

// Where says on which line a directive stands: " (FILE:LINE)", "" where none does.
func Where(d *conf.Directive) string {
	if d == nil || d.Pos.Line == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s:%d)", d.Pos.File, d.Pos.Line)
}

// First is the first directive that stands somewhere, nil for none.
func First(list ...*conf.Directive) *conf.Directive {
	for _, d := range list {
		if d != nil && d.Pos.Line > 0 {
			return d
		}
	}
	return nil
}
