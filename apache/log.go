package apache

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

// Lines of the error log in the format that ErrorLogFormat has by default
// (core documentation, ErrorLogFormat).
var (
	// "[Sat Nov 21 03:04:05.123456 2026] [proxy:error] [pid 12:tid 34] (111)Connection refused: [client …] AH00957: …"
	logLine = regexp.MustCompile(`^\[[^\]]+\d{4}\] \[(\w*):(\w+)\] \[pid [^\]]*\] (.*)$`)
	logCode = regexp.MustCompile(`^(AH\d{5}): `)
	// "(13)Permission denied: ", with a name of the file that asks before it in debug builds
	logErrno  = regexp.MustCompile(`^(?:[\w.]+\(\d+\): )?\((\d+)\)[^:]*: `)
	logClient = regexp.MustCompile(`^\[(?:client|remote) ([^\]]+(?:\][^\]]*)?)\] `)
)

// parseEvent reads a line; ok is false for what is no line of Apache's.
func parseEvent(line string) (cause.Event, bool) {
	m := logLine.FindStringSubmatch(line)
	if m == nil {
		return cause.Event{}, false
	}
	e := cause.Event{Text: line, Module: m[1], Level: m[2], Message: m[3]}
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

// ofSendfile picks the messages of mod_xsendfile with an error number.
func ofSendfile(errno int) func(cause.Event) bool {
	return func(e cause.Event) bool { return e.Errno == errno && strings.HasPrefix(e.Message, "xsendfile: ") }
}
