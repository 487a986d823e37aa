package caddy

import (
	"net/textproto"
	"sort"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// definition reads a named matcher: on one line, an expression in backticks, or
// a block.
func (k *compiler) definition(d *conf.Directive) MatcherSet {
	var list []*conf.Directive
	switch {
	case len(d.Args) == 1 && strings.HasPrefix(d.Args[0].Raw, "`"):
		return MatcherSet{{At: d, Name: "expression", Values: []string{text(d, 0)}}}
	case len(d.Args) > 0:
		inline := &conf.Directive{Pos: d.Pos, End: d.End, Name: d.Arg(0), Args: d.Args[1:], IsBlock: d.IsBlock, Block: d.Block, Parent: d}
		list = []*conf.Directive{inline}
	default:
		list = d.Block
	}
	return k.matchers(list, d)
}

// matchers reads the matchers of a set; those of the same name are one.
func (k *compiler) matchers(list []*conf.Directive, by *conf.Directive) MatcherSet {
	var set MatcherSet
	named := map[string]*Matcher{}
	for _, c := range list {
		if c.Name == "import" {
			continue
		}
		at := c
		if c.Parent == by && len(list) == 1 && len(by.Args) > 0 {
			at = by
		}
		m := named[c.Name]
		if m == nil {
			m = &Matcher{At: at, Name: c.Name}
			named[c.Name] = m
			set = append(set, m)
		}
		k.matcher(m, c)
	}
	return set
}

// matcher adds what one line says to a matcher.
func (k *compiler) matcher(m *Matcher, c *conf.Directive) {
	switch c.Name {
	case "path", "host", "method", "protocol":
		for i := range c.Args {
			m.Values = append(m.Values, text(c, i))
		}
	case "remote_ip", "client_ip":
		for i := range c.Args {
			if c.Arg(i) == "private_ranges" {
				m.Values = append(m.Values, privateRanges...)
			} else {
				m.Values = append(m.Values, c.Arg(i))
			}
		}
	case "header":
		m.Fields = headerField(m.Fields, c)
		if len(c.Args) < 2 && !strings.HasPrefix(c.Arg(0), "!") {
			k.note(c, "malformed header matcher: expected both field and value")
		}
	case "query":
		for i := range c.Args {
			name, value, _ := strings.Cut(text(c, i), "=")
			m.Fields = addField(m.Fields, name, value)
		}
	case "path_regexp":
		m.Pattern = text(c, len(c.Args)-1)
		if len(c.Args) > 1 {
			m.Group = c.Arg(0)
		}
	case "header_regexp", "vars_regexp":
		if n := len(c.Args); n >= 2 {
			m.Values, m.Pattern = []string{text(c, n-2)}, text(c, n-1)
			if c.Name == "header_regexp" {
				m.Values = []string{canonicalName(c.Arg(n - 2))}
			}
			if n > 2 {
				m.Group = c.Arg(0)
			}
		}
	case "vars":
		if len(c.Args) > 1 {
			m.Fields = addField(m.Fields, text(c, 0), long(c.Args[1].Text))
			for i := 2; i < len(c.Args); i++ {
				m.Fields = addField(m.Fields, text(c, 0), text(c, i))
			}
		}
	case "expression":
		m.Values = []string{expression(c)}
	case "file":
		k.fileMatcher(m, c)
	case "not":
		list := c.Block
		if len(c.Args) > 0 {
			list = []*conf.Directive{{Pos: c.Pos, End: c.End, Name: c.Arg(0), Args: c.Args[1:], IsBlock: c.IsBlock, Block: c.Block, Parent: c}}
		}
		m.Not = append(m.Not, k.matchers(list, c))
	default:
		m.Values = append(m.Values, longAll(c.Texts(0))...)
	}
}

// expression is the text of an expression: several words as they are written.
func expression(c *conf.Directive) string {
	if len(c.Args) == 1 {
		return text(c, 0)
	}
	var words []string
	for _, a := range c.Args {
		words = append(words, long(a.Raw))
	}
	return strings.Join(words, " ")
}

// privateRanges are what private_ranges stands for.
var privateRanges = []string{"192.168.0.0/16", "172.16.0.0/12", "10.0.0.0/8", "127.0.0.1/8", "fd00::/8", "::1"}

func longAll(words []string) []string {
	var list []string
	for _, w := range words {
		list = append(list, long(w))
	}
	return list
}

// headerField adds what a header matcher asks of one field.
func headerField(fields []Field, c *conf.Directive) []Field {
	name, absent := strings.CutPrefix(c.Arg(0), "!")
	name = canonicalName(long(name))
	if absent && len(c.Args) == 1 {
		return append(fields, Field{Name: name})
	}
	for i := 1; i < len(c.Args); i++ {
		fields = addField(fields, name, text(c, i))
	}
	return fields
}

func addField(fields []Field, name, value string) []Field {
	for i := range fields {
		if fields[i].Name == name {
			fields[i].Values = append(fields[i].Values, value)
			return fields
		}
	}
	fields = append(fields, Field{Name: name, Values: []string{value}})
	sort.SliceStable(fields, func(i, j int) bool { return fields[i].Name < fields[j].Name })
	return fields
}

// canonicalName is a field's name in the case that Caddy gives it.
func canonicalName(name string) string { return textproto.CanonicalMIMEHeaderKey(name) }

func (k *compiler) fileMatcher(m *Matcher, c *conf.Directive) {
	if m.File == nil {
		m.File = &FileMatcher{}
	}
	for i := range c.Args {
		m.File.TryFiles = append(m.File.TryFiles, text(c, i))
	}
	for _, sub := range c.Block {
		switch sub.Name {
		case "root":
			m.File.Root = text(sub, 0)
		case "try_files":
			m.File.TryFiles = append(m.File.TryFiles, longAll(sub.Texts(0))...)
		case "try_policy":
			m.File.TryPolicy = sub.Arg(0)
		case "split_path":
			m.File.SplitPath = sub.Texts(0)
		}
	}
}
