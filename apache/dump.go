package apache

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// dumpCommand makes a dump. Without mod_info Apache says "Syntax OK" and
// prints nothing.
const dumpCommand = "apachectl -C 'LoadModule info_module /usr/lib/apache2/modules/mod_info.so' -t -D DUMP_CONFIG"

// What stands in the output of DUMP_CONFIG beside directives (mod_info_show_file
// and its kin in modules/generators/mod_info.c), and of DUMP_MODULES.
var (
	dumpedFile   = regexp.MustCompile(`^# In file: (.*)$`)
	dumpedLine   = regexp.MustCompile(`^\s*# +(\d+):$`)
	dumpedMacro  = regexp.MustCompile(`^macro '.*?' \(defined on line (\d+) of "([^"]*)"\)`)
	dumpedModule = regexp.MustCompile(`^ +(\w+_module) \((?:static|shared)\)$`)
)

// isDump says that a text is the output of DUMP_CONFIG: "# In file: " is the
// first line but for messages of Apache's, which `2>&1` puts before it.
func isDump(text string) bool {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if dumpedFile.MatchString(line) {
			return true
		}
		if line != "" && !ownMessage(line) {
			return false
		}
	}
	return false
}

// emptyDump says that a text is nothing but Apache's own messages.
func emptyDump(text string) bool {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" && !ownMessage(line) {
			return false
		}
	}
	return true
}

// ownMessage says that a line is one of Apache's about its test: "Syntax OK",
// "AH00558: …", "[Mon Jan …] [core:warn] …", or of DUMP_MODULES.
func ownMessage(line string) bool {
	return line == "Syntax OK" || line == "Loaded Modules:" || ahMessage.MatchString(line) || dumpedModule.MatchString(" "+line)
}

var ahMessage = regexp.MustCompile(`^(\(\d+\).*: )?AH\d{5}: |^\[[A-Z][a-z]{2} [A-Z][a-z]{2} `)

// dumped is one line of a dump that holds a directive.
type dumped struct {
	file  string
	line  int
	depth int // in sections, as its indentation says
	text  string
}

// dumpLines calls f for every line of a dump that is a directive or a module.
func dumpLines(text string, f func(d dumped, module string)) {
	var at dumped
	first := 0 // where the text of a macro begins
	for raw := range strings.Lines(text) {
		raw = strings.TrimRight(raw, "\r\n")
		if m := dumpedModule.FindStringSubmatch(raw); m != nil {
			f(at, m[1])
			continue
		}
		line := strings.TrimSpace(raw)
		switch {
		case line == "":
		case dumpedFile.MatchString(line):
			at, first = dumped{file: dumpedFile.FindStringSubmatch(line)[1]}, 0
			if m := dumpedMacro.FindStringSubmatch(at.file); m != nil {
				at.file = m[2]
				first, _ = strconv.Atoi(m[1])
			}
		case dumpedLine.MatchString(line):
			at.line, _ = strconv.Atoi(dumpedLine.FindStringSubmatch(line)[1])
			at.line += first
		case line[0] != '#' && !(at.file == "" || ownMessage(line)):
			at.text = line
			at.depth = (len(raw) - len(strings.TrimLeft(raw, " "))) / 2
			f(at, "")
		}
	}
}

// dump reads the output of DUMP_CONFIG into the block of top. Sections nest by
// their indentation: Apache prints no end for one that is empty.
func (p *parser) dump(text string, top *conf.Directive) {
	open := []*conf.Directive{top}
	dumpLines(text, func(from dumped, module string) {
		if module != "" {
			p.modules[module] = nil
			p.main = true
			return
		}
		l := line{file: from.file, number: from.line, orig: from.text, text: from.text, breaks: []lineBreak{{line: from.line}}}
		d, kind, problem := l.directive()
		d.Pos.Column, d.End.Column = 0, 0
		for i := range d.Args {
			d.Args[i].Pos.Column = 0
		}
		if problem != "" {
			p.fail(d.Pos, conf.Syntax, "%s", problem)
			return
		}
		open = open[:min(from.depth+1, len(open))]
		if kind == tagClose {
			return
		}
		d.Parent = open[len(open)-1]
		d.Parent.Block = append(d.Parent.Block, d)
		if kind == tagOpen && len(open) <= maxDepth {
			open = append(open, d)
		}
	})
}

// maxViews limits the lines of what views makes.
const maxViews = 1 << 20

// views are the files of a dump as far as it shows them: every directive on
// its line, so that a place can be shown.
func views(text string) []conf.File {
	lines := map[string]map[int]string{}
	last := map[string]int{}
	var names []string
	dumpLines(text, func(d dumped, module string) {
		if module != "" || d.line <= 0 || d.line > maxViews || strings.HasPrefix(d.text, "</") {
			return
		}
		if lines[d.file] == nil {
			lines[d.file] = map[int]string{}
			names = append(names, d.file)
		}
		lines[d.file][d.line] = d.text
		last[d.file] = max(last[d.file], d.line)
	})
	var files []conf.File
	total := 0
	for _, name := range names {
		if total += last[name]; total > maxViews {
			break
		}
		var b strings.Builder
		for i := 1; i <= last[name]; i++ {
			b.WriteString(lines[name][i])
			b.WriteByte('\n')
		}
		files = append(files, conf.File{Path: name, Text: b.String()})
	}
	return files
}
