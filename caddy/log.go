package caddy

import (
	"encoding/json"
	"regexp"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

// logLine is a line of Caddy's log as its JSON encoder writes it.
type logLine struct {
	Level    string `json:"level"`
	Logger   string `json:"logger"`
	Msg      string `json:"msg"`
	Error    string `json:"error"`
	Upstream string `json:"upstream"`
	Status   int    `json:"status"`
	Request  struct {
		RemoteIP   string `json:"remote_ip"`
		RemoteAddr string `json:"remote_addr"` // up to 2.4
		Proto      string `json:"proto"`
		Method     string `json:"method"`
		Host       string `json:"host"`
		URI        string `json:"uri"`
	} `json:"request"`
}

// consoleLine matches a line as the console encoder writes it: time, level,
// logger, message and fields, with tabs between them.
var consoleLine = regexp.MustCompile(`^[\d/.TZ:+ -]+\t(DEBUG|INFO|WARN|ERROR|DPANIC|PANIC|FATAL)\t(?:([\w.]+)\t)?([^\t]*)(?:\t(\{.*\}))?$`)

// fileOperation matches the system calls on files that Go's errors name.
var fileOperation = regexp.MustCompile(`(?:open|stat|lstat|read|openat) (/[^:]*): `)

// parseEvent reads a line of the log. What is not about something that went
// wrong is left out: Caddy's log holds its start and, where it is told to, every
// request as well.
func parseEvent(line string) (cause.Event, bool) {
	var l logLine
	switch m := consoleLine.FindStringSubmatch(line); {
	case strings.HasPrefix(line, "{"):
		if json.Unmarshal([]byte(line), &l) != nil || l.Level == "" {
			return cause.Event{}, false
		}
	case m != nil:
		if m[4] != "" && json.Unmarshal([]byte(m[4]), &l) != nil {
			l = logLine{}
		}
		l.Level, l.Logger, l.Msg = strings.ToLower(m[1]), m[2], m[3]
	default:
		return cause.Event{}, false
	}
	quiet := (l.Level == "info" || l.Level == "debug") && !strings.HasPrefix(l.Logger, "http.log.error")
	if quiet || l.Msg == "handled request" {
		return cause.Event{}, false
	}
	e := cause.Event{Text: line, Level: l.Level, Module: l.Logger, Message: l.Msg, Upstream: l.Upstream, Client: l.Request.RemoteIP, Host: l.Request.Host}
	if l.Error != "" {
		e.Message += ": " + l.Error
	}
	if l.Request.URI != "" {
		e.Request = strings.TrimSpace(l.Request.Method + " " + l.Request.URI + " " + l.Request.Proto)
	}
	if m := fileOperation.FindStringSubmatch(e.Message); m != nil {
		e.Opened = m[1]
	}
	if strings.Contains(e.Message, "permission denied") {
		e.Errno = 13
	}
	return e, true
}
