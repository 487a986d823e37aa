package diag

import (
	"bytes"
	"errors"
	"io"
	"os"
	"regexp"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/fixture"
)

// Log is what the proxy's error log gained during the run.
type Log struct {
	Path string `json:"path"`
	// Lines are those that may be about the run; lines about other requests
	// are left out.
	Lines []string `json:"lines"`
	// Cut says that more was written than is kept.
	Cut bool `json:"cut,omitempty"`
	// Failure says why the log could not be read; it is no fault of the stack.
	Failure string `json:"failure,omitempty"`
}

// maxLog is how much of a log is read, in bytes.
const maxLog = 1 << 20

// logTail reads what is appended to a log, also over a rotation: the file that
// was there at the start is kept open and read to its end, then the one that
// stands in its place.
type logTail struct {
	log  Log
	file *os.File
	read int64
	rest []byte // a line that is not complete yet
}

// tailLog begins at the present end of a log.
func tailLog(path string) *logTail {
	t := &logTail{log: Log{Path: path, Lines: []string{}}}
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return t // it may be made during the run
	}
	if err == nil {
		t.file = f
		_, err = f.Seek(0, io.SeekEnd)
	}
	if err != nil {
		t.log.Failure = reason(err)
	}
	return t
}

// more reads what has come since. It may be called after any step.
func (t *logTail) more() {
	if t.log.Failure != "" || t.log.Cut {
		return
	}
	if t.file != nil {
		t.drain()
	}
	now, err := os.Stat(t.log.Path)
	if err != nil {
		return // rotated away, and not made again yet
	}
	if t.file != nil {
		if then, err := t.file.Stat(); err == nil && os.SameFile(now, then) {
			return
		}
		_ = t.file.Close()
	}
	if t.file, err = os.Open(t.log.Path); err != nil {
		t.log.Failure, t.file = reason(err), nil
		return
	}
	t.drain()
}

func (t *logTail) drain() {
	data, err := io.ReadAll(io.LimitReader(t.file, maxLog-t.read))
	t.read += int64(len(data))
	if err != nil {
		t.log.Failure = reason(err)
	}
	t.log.Cut = t.read >= maxLog
	t.rest = append(t.rest, data...)
	for {
		line, rest, ok := bytes.Cut(t.rest, []byte("\n"))
		if !ok {
			return
		}
		t.rest = rest
		if ours(string(line)) {
			t.log.Lines = append(t.log.Lines, strings.ToValidUTF8(string(line), "\uFFFD"))
		}
	}
}

// end closes the log and gives what was read.
func (t *logTail) end() *Log {
	t.more()
	if t.file != nil {
		_ = t.file.Close()
	}
	if len(t.rest) > 0 && ours(string(t.rest)) {
		t.log.Lines = append(t.log.Lines, strings.ToValidUTF8(string(t.rest), "\uFFFD"))
	}
	if t.file == nil && t.log.Failure == "" {
		t.log.Failure = "no such file"
	}
	return &t.log
}

// aRequest matches a quoted request line.
var aRequest = regexp.MustCompile(`"[A-Z]+ [^"]*"`)

// ours says that a line may be about the run: it names a fixture, or no
// request at all.
func ours(line string) bool {
	return strings.Contains(line, fixture.Prefix) || !aRequest.MatchString(line)
}

// reason is a system's error without the path, which stands beside it.
func reason(err error) string {
	var p *os.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return err.Error()
}
