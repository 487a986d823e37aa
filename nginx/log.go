package nginx

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// event is a line of nginx's error log.
type event struct {
	Line    int    // among the lines of the record's log, from 1
	Text    string // the line
	Level   string // error, crit, …
	Message string // what happened, without the request
	Opened  string // the path of a file operation that failed, "" for none
	Errno   int    // of the system call that failed, 0 for none
	// Client, Server, Request, Upstream and Host are what the line says about
	// the request, "" where it does not.
	Client, Server, Request, Upstream, Host string
}

// Error numbers of Linux that matter here.
const (
	errNoEntry    = 2
	errPermission = 13
	errNotFolder  = 20
	errTooMany    = 40 // symbolic links, or one where none is allowed
)

var (
	// "2026/11/21 03:04:05 [error] 12#12: *3 message, client: …"
	logLine = regexp.MustCompile(`^\d{4}/\d\d/\d\d \d\d:\d\d:\d\d \[(\w+)\] \d+#\d+: (?:\*\d+ )?(.*)$`)
	// `open() "/srv/a" failed (2: No such file or directory)`: the path as it is,
	// quotes in it, too
	logOpened = regexp.MustCompile(`^\w+\(\) "(.*?)" failed \(\d+: `)
	logErrno  = regexp.MustCompile(`\((\d+): [^)]*\)`)
	// ", client: 127.0.0.1", `, request: "GET / HTTP/1.1"`
	logField = regexp.MustCompile(`, (client|server|request|upstream|host|referrer|subrequest|login): ("(?:[^"\\]|\\.)*"|[^,]*)`)
)

// parseLog reads the lines of an error log; what is no line of nginx's is left out.
func parseLog(l *diag.Log) []event {
	if l == nil {
		return nil
	}
	var events []event
	for i, line := range l.Lines {
		if e, ok := parseEvent(line); ok {
			e.Line = i + 1
			events = append(events, e)
		}
	}
	return events
}

func parseEvent(line string) (event, bool) {
	m := logLine.FindStringSubmatch(line)
	if m == nil {
		return event{}, false
	}
	e := event{Text: line, Level: m[1], Message: m[2]}
	fields := 0 // where they begin at the earliest
	if f := logOpened.FindStringSubmatchIndex(e.Message); f != nil {
		e.Opened, fields = e.Message[f[2]:f[3]], f[1]
	}
	if at := logField.FindStringIndex(e.Message[fields:]); at != nil {
		fields += at[0]
		for _, f := range logField.FindAllStringSubmatch(e.Message[fields:], -1) {
			value := strings.Trim(f[2], `"`)
			switch f[1] {
			case "client":
				e.Client = value
			case "server":
				e.Server = value
			case "request":
				e.Request = value
			case "upstream":
				e.Upstream = value
			case "host":
				e.Host = value
			}
		}
		e.Message = e.Message[:fields]
	}
	if n := logErrno.FindStringSubmatch(e.Message); n != nil {
		e.Errno, _ = strconv.Atoi(n[1])
	}
	return e, true
}

// logged finds the last event about the download of the main file that pick
// accepts. What is logged about another probe, which asks for the same file in
// another way, is not about the download.
func (s *site) logged(pick func(event) bool) (event, bool) {
	for i := len(s.events) - 1; i >= 0; i-- {
		e := s.events[i]
		about := strings.Contains(e.Request, s.file.Name) || strings.Contains(e.Opened, s.file.Name)
		if about && !s.otherTargets()[e.target()] && pick(e) {
			return e, true
		}
	}
	return event{}, false
}

// target is what the logged request asks for, "" where none is logged.
func (e event) target() string {
	_, rest, _ := strings.Cut(e.Request, " ")
	target, _, _ := strings.Cut(rest, " ")
	return target
}

// targetsKey is the key of otherTargets on a view.
type targetsKey struct{}

// otherTargets are the request targets of all probes that do not ask for the
// download as a client does.
func (s *site) otherTargets() map[string]bool {
	targets, _ := s.Memo(targetsKey{}, func() any {
		targets := map[string]bool{}
		for i := range s.Record.Exchanges {
			targets[request(&s.Record.Exchanges[i]).URI] = true
		}
		for i := range s.Record.Exchanges {
			if x := &s.Record.Exchanges[i]; x.Probe.Port == diag.Proxy && x.Probe.Role == diag.RoleMain {
				delete(targets, request(x).URI)
			}
		}
		return targets
	}).(map[string]bool)
	return targets
}

// says picks the events whose message has a text.
func says(text string) func(event) bool {
	return func(e event) bool { return strings.Contains(e.Message, text) }
}

// failedWith picks the file operations that failed with one of the errors.
func failedWith(numbers ...int) func(event) bool {
	return func(e event) bool {
		for _, n := range numbers {
			if e.Opened != "" && e.Errno == n {
				return true
			}
		}
		return false
	}
}

// line is an event as evidence.
func (s *site) line(e event) diag.Evidence {
	return diag.Evidence{Kind: diag.EvidenceLog, Text: "the error log says so",
		Lines: []diag.Location{{File: s.Record.Log.Path, Line: e.Line, Column: 1, Text: e.Text}}}
}
