package lighttpd

import (
	"regexp"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

var (
	// "2026-11-21 15:32:02: (gw_backend.c.960) all handlers for /dl/x? on  are down.";
	// through syslog something else stands in front.
	logLine = regexp.MustCompile(`\((\w[\w.-]*\.c)\.\d+\) (.*)$`)
	// What names the path of the request in a message.
	logPath = regexp.MustCompile(`^(?:all handlers for (/.*?)\?? on |not a regular file: (/.*) -> )`)
)

// parseEvent reads a line; ok is false for what is no line of lighttpd's.
func parseEvent(line string) (cause.Event, bool) {
	m := logLine.FindStringSubmatch(line)
	if m == nil {
		return cause.Event{}, false
	}
	return cause.Event{Text: line, Module: m[1], Message: m[2]}, true
}

// Beginnings of messages that matter here.
const (
	logNotAllowed = "not under configured x-sendfile-docroot" // http-header-glue.c
	logNotRegular = "not a regular file: "
	logDown       = "all handlers for " // gw_backend.c
	logNoConnect  = "establishing connection failed"
)

// about picks the events with a text whose message names the download's path,
// or no path at all: what is logged about another probe is not about it.
func (s *site) about(text string) func(cause.Event) bool {
	return func(e cause.Event) bool {
		if !strings.Contains(e.Message, text) {
			return false
		}
		m := logPath.FindStringSubmatch(e.Message)
		return m == nil || s.Download.URI == m[1]+m[2] || strings.HasPrefix(m[1], s.Download.URI+"?")
	}
}
