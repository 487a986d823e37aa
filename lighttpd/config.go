package lighttpd

import (
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
)

// Config is a configuration as lighttpd reads it.
type Config struct {
	Source conf.Source
	// Top holds every assignment, block and include as it is written, in the
	// order of reading. What an include brings in stands right behind it.
	Top *conf.Directive
	// Blocks are the contexts that settings stand in, in the order in which
	// later ones override earlier ones; the first is the global one.
	Blocks []*Block
	// Shell are the include_shell whose output is not known.
	Shell []*conf.Directive
	// Dropped is what lighttpd leaves out without a word, because it does not
	// fit where it stands.
	Dropped []Dropped
	// Fragment says that the source is a part of a configuration, such as a file
	// of conf-available: what stands around it is not known.
	Fragment bool

	within map[*conf.Directive]*Block // what is written in a block, by what opens it
}

// Dropped is a piece of a file that has no effect.
type Dropped struct {
	Pos  conf.Pos
	Text string
}

// Block is a context: the global one, or a condition with what is in force
// where it holds.
type Block struct {
	Index  int // in Config.Blocks
	Cond   Cond
	Parent *Block // nil for the global one
	Prev   *Block // of an else: the branch before it
	Dir    *conf.Directive

	names    []string // of the settings, in the order of their first assignment
	settings map[string]*Setting
	key      string
}

// Setting is what a block says about one name.
type Setting struct {
	Name  string
	Value *Value
	// Dir is the last assignment, By are all that made the value.
	Dir *conf.Directive
	By  []*conf.Directive
}

// Get returns a setting of the block itself, nil for none.
func (b *Block) Get(name string) *Setting { return b.settings[name] }

// Names are the names of the block's settings.
func (b *Block) Names() []string { return b.names }

func (b *Block) set(s *Setting) {
	if b.settings[s.Name] == nil {
		b.names = append(b.names, s.Name)
	}
	b.settings[s.Name] = s
}

// Parse reads the texts of a source. It is a pure function. The Config is
// whatever could be read and never nil; the error is nil or a *conf.Error with
// every problem found, in the order of reading. As lighttpd does, it ends at the
// first error of form.
func Parse(s conf.Source) (*Config, error) { return parsePart(s, nil) }

// parsePart is parseWith for what may be a part of a configuration: its main
// file has set server.modules, which it may add to in any way.
func parsePart(s conf.Source, variables []*Setting) (*Config, error) {
	c, err := parseWith(s, variables)
	if err == nil || !c.Fragment || c.Blocks[0].Get("server.modules") != nil {
		return c, err
	}
	modules := &Setting{Name: "server.modules", Value: &Value{Kind: Array, Unknown: "the main file sets it"}}
	if whole, err := parseWith(s, append(variables, modules)); err == nil {
		return whole, nil
	}
	return c, err
}

// parseWith is Parse with variables that are known beforehand.
func parseWith(s conf.Source, variables []*Setting) (*Config, error) {
	p := newParser(load.NewKept(s), s.Prefix)
	c := p.conf
	for _, v := range variables {
		c.Blocks[0].set(v)
	}
	c.Source = s
	for _, root := range s.Roots {
		p.file(root, nil)
		if p.stop {
			break
		}
	}
	c.Fragment = c.Blocks[0].Get("server.document-root") == nil
	if len(p.problems) > 0 {
		return c, &conf.Error{Problems: p.problems}
	}
	return c, nil
}
