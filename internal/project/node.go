package project

import (
	"iter"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"
)

// Node is a value of the file that is to be decoded. What is wrong with it is
// collected, with its place, and is part of the error of the whole file.
type Node struct {
	r    *reader
	node *yaml.Node
	what string // for people: "serve", "the check media"
}

// Problem notes what is wrong here.
func (n Node) Problem(format string, args ...any) { n.r.problem(n.node, format, args...) }

// Names are the keys of a mapping, as they stand there.
func (n Node) Names() []string {
	var names []string
	if m := resolve(n.node); m.Kind == yaml.MappingNode {
		for i := 0; i < len(m.Content); i += 2 {
			names = append(names, m.Content[i].Value)
		}
	}
	return names
}

// Members are the keys and values of a mapping, in their order; what they are
// is called what, for people. A key that is none of the known ones, where there are such,
// is a problem.
func (n Node) Members(known []string, what string) iter.Seq2[string, Node] {
	return func(yield func(string, Node) bool) {
		for key, value := range n.r.members(n.node, n.what, known) {
			if !yield(key.Value, Node{n.r, value, strings.TrimSpace(what + " " + key.Value)}) {
				return
			}
		}
	}
}

// Without is a mapping without some of its members.
func (n Node) Without(names ...string) Node {
	return n.filter(func(key string) bool { return !slices.Contains(names, key) })
}

// Only is a mapping with some of its members; of anything else nothing is left.
func (n Node) Only(names ...string) Node {
	if resolve(n.node).Kind != yaml.MappingNode {
		n.node = &yaml.Node{Kind: yaml.MappingNode}
		return n
	}
	return n.filter(func(key string) bool { return slices.Contains(names, key) })
}

func (n Node) filter(keep func(key string) bool) Node {
	m := resolve(n.node)
	if m.Kind != yaml.MappingNode {
		return n
	}
	left := *m
	left.Content = nil
	for i := 0; i+1 < len(m.Content); i += 2 {
		if keep(m.Content[i].Value) {
			left.Content = append(left.Content, m.Content[i], m.Content[i+1])
		}
	}
	n.node = &left
	return n
}

// Settings are those of a stack that stands here.
func (n Node) Settings() []Setting { return n.r.settings(n.node) }

// Misspelt is what to say of the keys of a mapping that are like none of the
// known ones but like a wanted one, "" for nothing.
func (n Node) Misspelt(wanted, known []string) string {
	for _, name := range n.Names() {
		if slices.Contains(wanted, name) || slices.Contains(known, name) {
			continue
		}
		if hint := n.r.Suggest(name, wanted); hint != "" {
			return "; there is no setting " + name + hint
		}
	}
	return ""
}

// Text is the value of a scalar, "" of anything else. References stay as they
// are.
func (n Node) Text() string { return resolve(n.node).Value }

// Replace is the value with a text replaced in all its scalars but keys.
func (n Node) Replace(old, new string) Node {
	r := replacer{Replacer: strings.NewReplacer(old, new), left: mostNodes}
	n.node = r.node(n.node)
	return n
}

// mostNodes is how much is replaced in: aliases can make a circle.
const mostNodes = 10_000

type replacer struct {
	*strings.Replacer
	left int
}

func (r *replacer) node(node *yaml.Node) *yaml.Node {
	copied := *resolve(node)
	if r.left--; r.left < 0 {
		copied.Content = nil
		return &copied
	}
	switch copied.Kind {
	case yaml.ScalarNode:
		copied.Value = r.Replace(copied.Value)
	case yaml.MappingNode, yaml.SequenceNode:
		content := copied.Content
		copied.Content = nil
		for i, c := range content {
			if copied.Kind == yaml.SequenceNode || i%2 == 1 {
				c = r.node(c)
			}
			copied.Content = append(copied.Content, c)
		}
	}
	return &copied
}

// Apart is the same value with problems of its own: Err gives them.
func (n Node) Apart() Node {
	r := *n.r
	r.problems = nil
	n.r = &r
	return n
}

// Problems is how many problems there are in the file so far.
func (n Node) Problems() int { return len(n.r.problems) }

// Err is what is wrong, nil for nothing.
func (n Node) Err() error { return n.r.err() }
