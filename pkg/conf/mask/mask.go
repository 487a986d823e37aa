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
	// Maps are blocks that give a value to a variable, their last argument, from
	// another one, their first: the entries are values, and their names are what
	// the other one is compared with.
	Maps []string
	// Scripts says that a directive of that name holds a program of another
	// language, in its last argument or as its block. The texts in it may be
	// secrets. nil: there are none.
	Scripts func(name string) bool
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
		t := m.texts[d.Pos.File]
		if t == nil {
			return true
		}
		for _, a := range w.secret(d) {
			if t := m.texts[a.Pos.File]; t != nil {
				m.arg(t, a)
			}
		}
		if p := d.Parent; p != nil && has(w.Maps, p.Name) && secretSource.MatchString(p.Arg(0)) && !mapWords[d.Name] {
			m.compared(t, d)
		}
		if w.Scripts != nil && w.Scripts(d.Name) {
			m.script(t, d)
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
		out.Files[i].Text = string(t.bytes)
	}
	return out
}

// secret are the arguments of a directive that are secrets.
func (w Words) secret(d *conf.Directive) []conf.Arg {
	switch {
	case has(w.Settings, d.Name):
		for i, a := range d.Args {
			if actions[strings.ToLower(a.Text)] {
				continue
			}
			name, _, _ := strings.Cut(a.Text, "=") // env NAME=value
			switch {
			case !IsSecret(name) && !isGuard(name):
				return nil
			case name != a.Text:
				a.Raw = strings.Trim(a.Raw, `"'`)
				_, value, _ := strings.Cut(a.Raw, "=")
				a.Pos.Column += strings.Index(d.Args[i].Raw, a.Raw) + len(a.Raw) - len(value)
				a.Raw = value
				return []conf.Arg{a}
			}
			return d.Args[i+1:]
		}
		return nil
	case has(w.Secrets, d.Name):
		return d.Args
	case has(w.Open, d.Name):
		return nil
	}
	if p := d.Parent; p != nil && has(w.Maps, p.Name) && len(p.Args) > 0 {
		if IsSecret(p.Arg(len(p.Args) - 1)) {
			return d.Args
		}
		return nil
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
	done   []bool // for each byte, nil for none
	starts []int  // where the lines begin
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

// compared overwrites the name of an entry: a text as a whole, of a regular
// expression what is long enough to be a secret.
func (m *masker) compared(t *text, d *conf.Directive) {
	start := t.line(d.Pos.Line)
	at := start + d.Pos.Column - 1
	if start < 0 || at < start || at >= len(t.bytes) {
		return
	}
	raw := written.Find(t.bytes[at:])
	if strings.HasPrefix(d.Name, "~") {
		for _, g := range longRun.FindAllIndex(raw, -1) {
			m.veil(t, at+g[0], at+g[1], true)
		}
		return
	}
	m.arg(t, conf.Arg{Pos: d.Pos, Raw: string(raw)})
}

var (
	written      = regexp.MustCompile(`^(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(?:[^\s;{}\\]|\\.)+)`)
	longRun      = regexp.MustCompile(`[A-Za-z0-9_-]{8,}`)
	secretSource = regexp.MustCompile(`(?i)^` + fromRequest + `$`)
)

// script overwrites the texts in a program: all that stands within quotes.
func (m *masker) script(t *text, d *conf.Directive) {
	from, to := 0, 0
	switch {
	case d.IsBlock && d.End.File == d.Pos.File && t.line(d.End.Line) >= 0:
		to = t.line(d.End.Line) + d.End.Column - 1
		from = to - len(d.Body)
	case len(d.Args) > 0:
		a := d.Args[len(d.Args)-1]
		if t = m.texts[a.Pos.File]; t == nil || t.line(a.Pos.Line) < 0 {
			return
		}
		from = t.line(a.Pos.Line) + a.Pos.Column
		to = from + len(a.Raw) - 2
	}
	if from < 0 || from >= to || to > len(t.bytes) {
		return
	}
	for _, g := range quoted.FindAllIndex(t.bytes[from:to], -1) {
		open := 1
		if t.bytes[from+g[0]] == '[' {
			open = 2
		}
		m.veil(t, from+g[0]+open, from+g[1]-open, true)
	}
}

var quoted = regexp.MustCompile(`(?s)"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\[\[.*?\]\]`)

// kept matches variables.
var kept = regexp.MustCompile(`\$\{\w+\}|\$\w+|%\{[^}]*\}\w?|\{\$\w+\}|\{(?:env|http|file|vars)\.[\w./>-]+\}`)

// veil overwrites a value once: all but variables, line ends and, within
// quotes, spaces.
func (m *masker) veil(t *text, from, to int, quoted bool) {
	if t.done == nil {
		t.done = make([]bool, len(t.bytes))
	}
	if from >= to || slices.Contains(t.done[from:to], true) {
		return
	}
	for i := from; i < to; i++ {
		t.done[i] = true
	}
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
