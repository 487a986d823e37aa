// Package mask replaces the secrets in a configuration by as many bytes, so
// that every place stays what it is and a configuration reads as it did but for
// these values. It happens once, when a configuration is loaded: nothing behind
// that sees a secret. A kind of server names the directives that hold some; what
// a password, a key or a token is called is the same in all languages.
package mask

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// Words are the directives of a language that hold secrets. Names are compared
// without regard to case.
type Words struct {
	// Settings have a name as their first argument, of a field, a variable or a
	// parameter, and its value behind it: `set $api_key x`. Words such as "set"
	// and "always" may stand before the name. Where the name says that it is
	// secret the value is.
	Settings []string
	// Secrets have secret arguments only.
	Secrets []string
	// Open are called like a secret and hold none.
	Open []string
	// Maps are blocks that give a value to a variable, their last argument: the
	// entries are values.
	Maps []string
}

// Source returns a source without its secrets. top is what the source parses
// to, as far as it does, or nil: each file is searched line by line as well.
// Equal secrets stay equal. Variables within a value stay.
func (w Words) Source(s conf.Source, top *conf.Directive) conf.Source {
	m := masker{words: w, texts: map[string]*text{}, letters: map[string]byte{}}
	for _, f := range s.Files {
		m.texts[f.Path] = &text{bytes: []byte(f.Text)}
	}
	top.Walk(func(d *conf.Directive) bool {
		for _, a := range w.secret(d) {
			if t := m.texts[a.Pos.File]; t != nil {
				m.arg(t, a)
			}
		}
		return true
	})
	out := s
	out.Files = slices.Clone(s.Files)
	for i, f := range out.Files {
		if f.Kind != "" {
			continue
		}
		t := m.texts[f.Path]
		m.lines(t)
		m.anywhere(t)
		out.Files[i].Text = string(t.bytes)
	}
	return out
}

// secret are the arguments of a directive that are secrets.
func (w Words) secret(d *conf.Directive) []conf.Arg {
	switch {
	case has(w.Settings, d.Name):
		for i, a := range d.Args {
			if !actions[strings.ToLower(a.Text)] {
				if IsSecret(a.Text) {
					return d.Args[i+1:]
				}
				return nil
			}
		}
		return nil
	case has(w.Secrets, d.Name):
		return d.Args
	case has(w.Open, d.Name):
		return nil
	}
	if p := d.Parent; p != nil && has(w.Maps, p.Name) && len(p.Args) > 0 && IsSecret(p.Arg(len(p.Args)-1)) {
		return d.Args
	}
	if !d.IsBlock && holdsSecret(d.Name) {
		return d.Args
	}
	return nil
}

func has(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

// actions stand before the name of a field.
var actions = map[string]bool{"always": true, "onsuccess": true, "early": true, "set": true, "add": true, "append": true, "merge": true, "setifempty": true}

// masker overwrites.
type masker struct {
	words   Words
	texts   map[string]*text // by file
	letters map[string]byte  // what a secret is overwritten with
}

// text is a file's text, and what of it is overwritten.
type text struct {
	bytes  []byte
	done   [][2]int
	starts []int // where the lines begin
}

// line is the offset at which a line begins, -1 for none.
func (t *text) line(n int) int {
	if t.starts == nil {
		t.starts = []int{0}
		for i, c := range t.bytes {
			if c == '\n' {
				t.starts = append(t.starts, i+1)
			}
		}
	}
	if n < 1 || n > len(t.starts) {
		return -1
	}
	return t.starts[n-1]
}

// arg overwrites an argument where it stands.
func (m *masker) arg(t *text, a conf.Arg) {
	start := t.line(a.Pos.Line)
	at := start + a.Pos.Column - 1
	if start < 0 || at < start || at+len(a.Raw) > len(t.bytes) || !bytes.Equal(t.bytes[at:at+len(a.Raw)], []byte(a.Raw)) {
		return
	}
	from, to := at, at+len(a.Raw)
	quoted := len(a.Raw) >= 2 && (a.Raw[0] == '"' || a.Raw[0] == '\'' || a.Raw[0] == '`')
	if quoted {
		from, to = from+1, to-1
	}
	m.veil(t, from, to, quoted)
}

// kept matches variables.
var kept = regexp.MustCompile(`\$\{\w+\}|\$\w+|%\{[^}]*\}\w?|\{\$\w+\}|\{(?:env|http|file|vars)\.[\w./>-]+\}`)

// veil overwrites a value once: all but variables, line ends and, within
// quotes, spaces.
func (m *masker) veil(t *text, from, to int, quoted bool) {
	if from >= to || slices.ContainsFunc(t.done, func(d [2]int) bool { return from < d[1] && d[0] < to }) {
		return
	}
	t.done = append(t.done, [2]int{from, to})
	value := t.bytes[from:to]
	letter, known := m.letters[string(value)]
	if !known {
		letter = 'a' + byte((len(m.letters)+'x'-'a')%26) // x, y, z, a, …
		m.letters[string(value)] = letter
	}
	variables := kept.FindAllIndex(value, -1)
	for i, c := range value {
		if len(variables) > 0 && i >= variables[0][1] {
			variables = variables[1:]
		}
		variable := len(variables) > 0 && i >= variables[0][0]
		space := c == '\n' || c == '\r' || quoted && (c == ' ' || c == '\t')
		if !variable && !space {
			value[i] = letter
		}
	}
}
