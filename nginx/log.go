package nginx

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

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

// parseEvent reads a line; ok is false for what is no line of nginx's.
func parseEvent(line string) (cause.Event, bool) {
	m := logLine.FindStringSubmatch(line)
	if m == nil {
		return cause.Event{}, false
	}
	e := cause.Event{Text: line, Level: m[1], Message: m[2]}
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

// failedWith picks the file operations that failed with one of the errors.
func failedWith(numbers ...int) func(cause.Event) bool {
	return func(e cause.Event) bool {
		for _, n := range numbers {
			if e.Opened != "" && e.Errno == n {
				return true
			}
		}
		return false
	}
}
