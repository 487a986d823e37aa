package nginx

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
)

// marker begins the line before each file in the output of `nginx -T`
// (main() in nginx.c: "# configuration file %s:").
const marker = "# configuration file "

// isDump says that a text is the output of `nginx -T`: a marker stands in it,
// and no directive before: nginx's own messages do, which `2>&1` puts there, and
// what was copied from a terminal along with it.
func isDump(text string) bool {
	for line := range strings.Lines(text) {
		if _, ok := markedFile(line); ok {
			return true
		}
		line = strings.TrimSpace(line)
		if strings.HasSuffix(line, ";") || strings.HasSuffix(line, "{") || strings.HasSuffix(line, "}") {
			return false
		}
	}
	return false
}

// refusalOf is what nginx says in the place of a dump where it refuses a
// configuration: `nginx -T 2>&1` prints that and nothing else.
func refusalOf(text string) *conf.Problem {
	m := emergency.FindStringSubmatch(text)
	if m == nil || strings.Contains(text, "{\n") {
		return nil
	}
	line, _ := strconv.Atoi(m[3])
	return &conf.Problem{Pos: conf.Pos{File: m[2], Line: line}, Kind: conf.Syntax, Message: "nginx refuses it: " + m[1]}
}

// emergency matches nginx's message: nginx: [emerg] unknown directive "x" in /etc/nginx/nginx.conf:5
var emergency = regexp.MustCompile(`(?m)(?:^nginx: )\[(?:emerg|crit|alert)\] (?:\d+#\d+: )?(.*?)(?: in (\S+):(\d+))?\r?$`)

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
