package nginx

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
)

// marker begins the line before each file in the output of `nginx -T`
// (main() in nginx.c: "# configuration file %s:").
const marker = "# configuration file "

// isDump says that a text is the output of `nginx -T`: a marker is the first
// line but for nginx's own messages, which `2>&1` puts before it.
func isDump(text string) bool {
	for line := range strings.Lines(text) {
		if _, ok := markedFile(line); ok {
			return true
		}
		if line = strings.TrimSpace(line); line != "" && !ownMessage(line) {
			return false
		}
	}
	return false
}

// ownMessage says that a line is nginx's report on its test: "nginx: the
// configuration file … syntax is ok", or a line of its error log.
func ownMessage(line string) bool {
	return strings.HasPrefix(line, "nginx: ") || strings.Contains(line, " [warn] ") || strings.Contains(line, " [notice] ")
}

// markedFile returns the file that a marker line names.
func markedFile(line string) (name string, ok bool) {
	rest, ok := strings.CutPrefix(strings.TrimRight(line, "\r\n"), marker)
	if !ok {
		return "", false
	}
	name, ok = strings.CutSuffix(strings.TrimRight(rest, " \t"), ":")
	return name, ok && name != ""
}

// splitDump cuts the output of `nginx -T` into its files; the first is the
// main one. nginx prints every file as it is, and a newline behind it.
func splitDump(text string) conf.Source {
	var s conf.Source
	var body strings.Builder
	flush := func() {
		if n := len(s.Files); n > 0 {
			s.Files[n-1].Text = strings.TrimSuffix(body.String(), "\n")
		}
		body.Reset()
	}
	for line := range strings.Lines(text) {
		if name, ok := markedFile(line); ok {
			flush()
			s.Files = append(s.Files, conf.File{Path: name})
			continue
		}
		body.WriteString(line)
	}
	flush()
	if len(s.Files) > 0 {
		s.Roots = []string{s.Files[0].Path}
		s.Prefix = load.FolderOf(s.Files[0].Path)
	}
	return s
}
