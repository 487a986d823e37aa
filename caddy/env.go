package caddy

import (
	"sort"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// expanded is a text with its {$VARIABLES} replaced, and how to find back.
type expanded struct {
	original string
	after    string
	shifts   []shift
	lines    []int // where the lines of original begin
}

// shift says that from the byte at on in the expanded text what stands there
// comes from the byte from on in the original. Within a value it does not
// move: the whole value stands where the variable does.
type shift struct {
	at, from int
	value    bool
}

// expandEnv replaces {$NAME} and {$NAME:default}, once and from left to right,
// before anything else is read (caddyfile/parse.go, replaceEnvVars). Caddy's
// environment is that of its service: a variable that env does not have may well
// be set there, so its default is no more than a possibility. It stays as
// {$NAME}, which is unknown wherever it counts.
//
// An environment that assumes defaults is asked for the whole of what stands
// between the braces, too.
func expandEnv(text string, env func(string) (string, bool)) *expanded {
	e := &expanded{original: text}
	var b strings.Builder
	at := 0
	for {
		begin := strings.Index(text[at:], "{$")
		if begin < 0 {
			break
		}
		begin += at
		end := strings.IndexByte(text[begin+2:], '}')
		if end < 0 {
			break
		}
		end += begin + 2
		inner := text[begin+2 : end]
		if inner == "" {
			b.WriteString(text[at : end+1])
			at = end + 1
			continue
		}
		name, fallback, _ := strings.Cut(inner, ":")
		value, ok := env(name)
		if !ok && inner != name {
			value, ok = env(inner)
		}
		switch {
		case ok:
		case name == "":
			value = fallback // no environment has it
		default:
			value = unset + name + "}"
		}
		b.WriteString(text[at:begin])
		e.shifts = append(e.shifts, shift{b.Len(), begin, true})
		b.WriteString(value)
		at = end + 1
		e.shifts = append(e.shifts, shift{b.Len(), at, false})
	}
	b.WriteString(text[at:])
	e.after = b.String()
	e.lines = []int{0}
	for i := range len(text) {
		if text[i] == '\n' {
			e.lines = append(e.lines, i+1)
		}
	}
	return e
}

// assuming is an environment in which what is not known has its default, where
// it has one.
func assuming(env func(string) (string, bool)) func(string) (string, bool) {
	return func(name string) (string, bool) {
		if value, ok := env(name); ok {
			return value, true
		}
		_, fallback, has := strings.Cut(name, ":")
		return fallback, has
	}
}

// unset is what a variable that is not known begins with.
const unset = "{$"

// whyUnset says that a text has a variable in it that is not known, "" where it
// has none.
func whyUnset(texts ...string) string {
	for _, text := range texts {
		if _, rest, ok := strings.Cut(text, unset); ok {
			name, _, _ := strings.Cut(rest, "}")
			return "the variable " + name + " of Caddy's environment is not known here"
		}
	}
	return ""
}

// variables are the names of the environment that a text refers to.
func variables(text string) []string {
	var names []string
	expandEnv(text, func(name string) (string, bool) {
		if !strings.Contains(name, ":") {
			names = append(names, name)
		}
		return "", false
	})
	return names
}

// before is where a byte of the expanded text comes from.
func (e *expanded) before(at int) int {
	i := sort.Search(len(e.shifts), func(i int) bool { return e.shifts[i].at > at })
	if i == 0 {
		return at
	}
	s := e.shifts[i-1]
	if s.value {
		return s.from
	}
	return s.from + at - s.at
}

// pos is where a byte of the original stands.
func (e *expanded) pos(file string, offset int) conf.Pos {
	i := sort.Search(len(e.lines), func(i int) bool { return e.lines[i] > offset })
	return conf.Pos{File: file, Line: i, Column: offset - e.lines[i-1] + 1}
}
