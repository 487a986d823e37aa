package cause

import (
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// Event is a line of an error log. What the lines of a kind do not tell is
// empty.
type Event struct {
	Line    int    // among the lines of the record's log, from 1
	Text    string // the line
	Level   string // error, crit, …
	Module  string // the part of the server that says it
	Code    string // of the message, where the server numbers them
	Message string // what happened, without the rest
	Opened  string // the path of a file operation that failed
	Errno   int    // of the system call that failed, 0 for none
	// Client, Server, Request, Upstream and Host are what the line says about
	// the request; Request is "METHOD TARGET …".
	Client, Server, Request, Upstream, Host string
}

// Events reads the lines of an error log; what is no line of the kind's is
// left out.
func Events(l *diag.Log, read func(line string) (Event, bool)) []Event {
	if l == nil {
		return nil
	}
	var events []Event
	for i, line := range l.Lines {
		if e, ok := read(line); ok {
			e.Line = i + 1
			events = append(events, e)
		}
	}
	return events
}

// mentions says that an event is about a text: its request or its file, or
// where it names neither its message.
func (e Event) mentions(text string) bool {
	if e.Request == "" && e.Opened == "" {
		return strings.Contains(e.Message, text)
	}
	return strings.Contains(e.Request, text) || strings.Contains(e.Opened, text)
}

// target is what the logged request asks for, "" where none is logged.
func (e Event) target() string {
	_, rest, _ := strings.Cut(e.Request, " ")
	target, _, _ := strings.Cut(rest, " ")
	return target
}

// Logged finds the last event about the download of the main file, or about
// one of the texts, that pick accepts. What is logged about another probe,
// which asks for the same file in another way, is not about the download.
func (s *Site[R]) Logged(pick func(Event) bool, about ...string) (Event, bool) {
	about = append(about, s.File.Name)
	for i := len(s.Events) - 1; i >= 0; i-- {
		e := s.Events[i]
		if slices.ContainsFunc(about, e.mentions) && !s.otherTargets()[e.target()] && pick(e) {
			return e, true
		}
	}
	return Event{}, false
}

// LoggedFor finds the last event about a request for what the exchange asked
// for that pick accepts.
func (s *Site[R]) LoggedFor(x *diag.Exchange, pick func(Event) bool) (Event, bool) {
	for _, e := range slices.Backward(s.Events) {
		if e.target() != "" && e.target() == Request(x).URI && pick(e) {
			return e, true
		}
	}
	return Event{}, false
}

// Last is Logged as a list, for With: of one event, or empty.
func (s *Site[R]) Last(pick func(Event) bool, about ...string) []Event {
	if e, ok := s.Logged(pick, about...); ok {
		return []Event{e}
	}
	return nil
}

// Logs says that the log has such an event about the download.
func (s *Site[R]) Logs(pick func(Event) bool) bool {
	_, ok := s.Logged(pick)
	return ok
}

// Any picks every event.
func Any(Event) bool { return true }

// Says picks the events whose message has a text.
func Says(text string) func(Event) bool {
	return func(e Event) bool { return strings.Contains(e.Message, text) }
}

// Coded picks the events with one of the codes.
func Coded(codes ...string) func(Event) bool {
	return func(e Event) bool { return slices.Contains(codes, e.Code) }
}

// targetsKey is the key of otherTargets on a view.
type targetsKey struct{}

// otherTargets are the request targets of all probes that do not ask for the
// download as a client does.
func (s *Site[R]) otherTargets() map[string]bool {
	targets, _ := s.Memo(targetsKey{}, func() any {
		targets := map[string]bool{}
		for i := range s.Record.Exchanges {
			targets[Request(&s.Record.Exchanges[i]).URI] = true
		}
		for i := range s.Record.Exchanges {
			if x := &s.Record.Exchanges[i]; x.Probe.Port == diag.Proxy && x.Probe.Role == diag.RoleMain {
				delete(targets, Request(x).URI)
			}
		}
		return targets
	}).(map[string]bool)
	return targets
}

// Line is an event as evidence.
func (s *Site[R]) Line(e Event) diag.Evidence {
	return diag.Evidence{Kind: diag.EvidenceLog, Text: "the error log says so",
		Lines: []diag.Location{{File: s.Record.Log.Path, Line: e.Line, Column: 1, Text: e.Text}}}
}
