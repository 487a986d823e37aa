package apache

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// event is a line of Apache's error log, in the format that ErrorLogFormat has
// by default (core documentation, ErrorLogFormat).
type event struct {
	Line    int    // among the lines of the record's log, from 1
	Text    string // the line
	Module  string // proxy, authz_core, …; "" where the line names none
	Level   string // error, crit, …
	Errno   int    // of the system call that failed, 0 for none
	Client  string // address and port, "" for none
	Code    string // "AH01630", "" for none
	Message string // what happened, without the code
}

var (
	// "[Sat Nov 21 03:04:05.123456 2026] [proxy:error] [pid 12:tid 34] (111)Connection refused: [client …] AH00957: …"
	logLine = regexp.MustCompile(`^\[[^\]]+\d{4}\] \[(\w*):(\w+)\] \[pid [^\]]*\] (.*)$`)
	logCode = regexp.MustCompile(`^(AH\d{5}): `)
	// "(13)Permission denied: ", with a name of the file that asks before it in debug builds
	logErrno  = regexp.MustCompile(`^(?:[\w.]+\(\d+\): )?\((\d+)\)[^:]*: `)
	logClient = regexp.MustCompile(`^\[(?:client|remote) ([^\]]+(?:\][^\]]*)?)\] `)
)

// parseLog reads the lines of an error log; what is no line of Apache's is left out.
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
	e := event{Text: line, Module: m[1], Level: m[2], Message: m[3]}
	if n := logErrno.FindStringSubmatch(e.Message); n != nil {
		e.Errno, _ = strconv.Atoi(n[1])
		e.Message = e.Message[len(n[0]):]
	}
	if c := logClient.FindStringSubmatch(e.Message); c != nil {
		e.Client, e.Message = c[1], e.Message[len(c[0]):]
	}
	if c := logCode.FindStringSubmatch(e.Message); c != nil {
		e.Code, e.Message = c[1], e.Message[len(c[0]):]
	}
	return e, true
}

// Error numbers, and codes of messages, that matter here.
const (
	errPermission = 13
	errAbove      = 20023 // APR_EABOVEROOT: no XSendFilePath covers the path

	codeRefused     = "AH01630" // client denied by server configuration
	codeUnconnected = "AH01114" // failed to make connection to backend
	codeConnect     = "AH00957" // attempt to connect to … failed
	codeNoHost      = "AH00898" // DNS lookup failure, among others
	codeSocket      = "AH02454" // attempt to connect to a socket failed
	codeNoAnswer    = "AH01102" // error reading the status line
)

// logged finds the last event about the main file, or about a text, that pick
// accepts.
func (s *site) logged(pick func(event) bool, about ...string) (event, bool) {
	about = append(about, s.file.Name)
	for i := len(s.events) - 1; i >= 0; i-- {
		for _, text := range about {
			if e := s.events[i]; strings.Contains(e.Message, text) && pick(e) {
				return e, true
			}
		}
	}
	return event{}, false
}

// ofSendfile picks the messages of mod_xsendfile with an error number.
func ofSendfile(errno int) func(event) bool {
	return func(e event) bool { return e.Errno == errno && strings.HasPrefix(e.Message, "xsendfile: ") }
}

// coded picks the events with one of the codes.
func coded(codes ...string) func(event) bool {
	return func(e event) bool {
		for _, c := range codes {
			if e.Code == c {
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
