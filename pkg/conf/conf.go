// Package conf is what any reader of a server's configuration yields: places,
// directives, the texts that were read, and problems with their places. It
// knows no server's language.
package conf

import (
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
)

// Pos is a place in a configuration file.
//
// Line counts from 1. Column counts bytes from 1, as Go's own tools do, so
// that a place survives whatever the file's encoding is, and so that replacing
// a secret by a text of as many bytes moves nothing. Excerpt puts its caret
// under the right character all the same. Column 0 means the whole line, Line
// 0 the whole file.
type Pos struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

// IsZero says that p is no place: what nobody wrote, such as a default.
func (p Pos) IsZero() bool { return p == Pos{} }

// String is "file:line:column", without what is not known.
func (p Pos) String() string {
	s := p.File
	if p.Line > 0 {
		s += ":" + strconv.Itoa(p.Line)
		if p.Column > 0 {
			s += ":" + strconv.Itoa(p.Column)
		}
	}
	return s
}

// Arg is one argument of a directive.
type Arg struct {
	Pos  Pos    // of its first byte, an opening quote included
	Raw  string // as written, with quotes and escapes
	Text string // what the server makes of it
}

// Directive is one directive with its arguments and, where it opens a block,
// what stands in the block, in the order of the file. What an include brings
// in stands right after the directive that includes it, within the same block.
type Directive struct {
	Pos  Pos // of its name
	End  Pos // of the last byte: of the terminator or the closing brace
	Name string
	Args []Arg

	IsBlock bool
	Block   []*Directive
	// Body is the content of a block that holds another language, as written.
	Body string

	// Via is the directive that brings this one in from elsewhere and gives it
	// some of its text, such as the use of a macro; nil where none does.
	Via *Directive

	// Parent is the directive in whose block this one stands, nil at the top.
	Parent *Directive

	index atomic.Pointer[index] // of a large block
}

// Arg returns the text of argument i, counted from 0, or "".
func (d *Directive) Arg(i int) string {
	if i < 0 || i >= len(d.Args) {
		return ""
	}
	return d.Args[i].Text
}

// Texts returns the texts of the arguments from the one counted i on.
func (d *Directive) Texts(i int) []string {
	var texts []string
	for ; i < len(d.Args); i++ {
		texts = append(texts, d.Args[i].Text)
	}
	return texts
}

// All returns the directives with one of the names that stand directly in the
// block, in order. It may be asked of nil.
func (d *Directive) All(names ...string) []*Directive {
	if d == nil {
		return nil
	}
	if len(d.Block) > large {
		return d.indexed(names)
	}
	var found []*Directive
	for _, c := range d.Block {
		if slices.Contains(names, c.Name) {
			found = append(found, c)
		}
	}
	return found
}

// First returns the first directive of that name directly in the block, or nil.
func (d *Directive) First(name string) *Directive {
	if d == nil {
		return nil
	}
	if len(d.Block) > large {
		if found := d.indexed([]string{name}); len(found) > 0 {
			return found[0]
		}
		return nil
	}
	for _, c := range d.Block {
		if c.Name == name {
			return c
		}
	}
	return nil
}

// Walk calls f for d and everything in it, outer before inner. f returns
// whether to go into the block.
func (d *Directive) Walk(f func(*Directive) bool) {
	if d == nil || !f(d) {
		return
	}
	for _, c := range d.Block {
		c.Walk(f)
	}
}

// String is the directive on one line as written, without what is in its
// block: `root /srv/media` or `location ^~ "/a b/"`.
func (d *Directive) String() string {
	var b strings.Builder
	b.WriteString(d.Name)
	for _, a := range d.Args {
		b.WriteByte(' ')
		b.WriteString(strings.Join(strings.Fields(a.Raw), " "))
	}
	return b.String()
}
