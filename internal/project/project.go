// Package project reads proxydiag.yaml: several named stacks and what they have
// in common, each setting with its place.
package project

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// Key is a setting that a stack may have.
type Key struct {
	Name string
	List bool // it may have several values
	Path bool // a relative path in it is relative to the file's folder
}

// Setting is a setting as it stands in the file, its references replaced.
type Setting struct {
	Name   string
	Values []string // one but for lists
	Pos    conf.Pos
}

// Stack is a named stack: the settings that all have in common, then its own.
type Stack struct {
	Name     string
	Settings []Setting
}

// Options say how a file is read.
type Options struct {
	// Keys are the settings that there are.
	Keys []Key
	// Env looks up environment variables, as os.LookupEnv does. nil: os.LookupEnv.
	Env func(string) (string, bool)
	// Only, where it is not empty, is the one stack that is wanted: the
	// references of others, whose secrets may not be at hand, stay as they are.
	Only string
	// Suggest is what to put behind a word that is none of the candidates, ""
	// for nothing. nil: nothing.
	Suggest func(word string, candidates []string) string
	// Serve reads the section serve, which may then stand without stacks. nil: it
	// is passed over.
	Serve func(serve Node)
	// Defaults is given what all stacks have in common. It may be nil.
	Defaults func([]Setting)
	// Secret is told what references were replaced with, and the paths of files
	// that are referred to. It may be nil.
	Secret func(text string)
	// Redact takes out of what is said about the file what Secret was told. nil:
	// nothing is.
	Redact func(text string) string
}

// Read reads a file. What is wrong with it is an *Error, which names everything
// at once; a file that cannot be opened is an *fs.PathError.
func Read(path string, o Options) ([]Stack, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return Parse(path, string(text), o)
}

// Parse reads a file's text.
func Parse(path, text string, o Options) ([]Stack, error) {
	if o.Env == nil {
		o.Env = os.LookupEnv
	}
	if o.Suggest == nil {
		o.Suggest = func(string, []string) string { return "" }
	}
	r := &reader{Options: o, path: path, text: text}
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		r.syntax(err)
		return nil, r.err()
	}
	if len(root.Content) == 0 {
		r.problem(nil, "the file is empty; give it stacks:, with a name and its settings")
		return nil, r.err()
	}
	r.merge(root.Content[0])
	stacks := r.document(root.Content[0])
	if err := r.err(); err != nil {
		return nil, err
	}
	return stacks, nil
}

// reader collects the problems of one file.
type reader struct {
	Options
	path, text string
	problems   []conf.Problem
	other      bool // the stack that is read is not wanted
}

// Error is all that is wrong with a file.
type Error struct {
	Problems []conf.Problem
	text     string
}

// Error lists the problems, each with its line, its secrets veiled, and a caret.
func (e *Error) Error() string {
	var b strings.Builder
	text := veiled(e.text)
	for i, p := range e.Problems {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(p.String())
		if excerpt := conf.Excerpt(text, p.Pos, 1); excerpt != "" {
			b.WriteString("\n" + strings.TrimRight(excerpt, "\n"))
		}
	}
	return b.String()
}

func (r *reader) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	return &Error{Problems: r.problems, text: r.text}
}

// problem notes what is wrong at a node; nil is the whole file.
func (r *reader) problem(at *yaml.Node, format string, args ...any) {
	p := conf.Problem{Pos: conf.Pos{File: r.path}, Kind: conf.Syntax, Message: fmt.Sprintf(format, args...)}
	if r.Redact != nil {
		p.Message = r.Redact(p.Message)
	}
	if at != nil {
		p.Pos = r.pos(at)
	}
	r.problems = append(r.problems, p)
}

func (r *reader) pos(at *yaml.Node) conf.Pos {
	return conf.Pos{File: r.path, Line: at.Line, Column: at.Column}
}

// syntax notes what the YAML library says. What does not end is shown where it
// begins, and not at the file's end.
func (r *reader) syntax(err error) {
	p := conf.Problem{Pos: conf.Pos{File: r.path}, Kind: conf.Syntax, Message: "not YAML: " + err.Error()}
	if at := (*yaml.LoadError)(nil); errors.As(err, &at) {
		p.Message = "not YAML: " + at.Message
		where, began := at.Mark, at.ContextMark
		lines := strings.Split(strings.TrimRight(r.text, " \t\r\n"), "\n")
		switch over := where.Line > len(lines); {
		case over && began.Line > 0 && began.Line <= len(lines):
			where = began
			p.Message += ", " + at.ContextMsg + " that begins here"
		case over:
			where.Line, where.Column = len(lines), len(lines[len(lines)-1])+1
		case began.Line > 0 && began.Line != where.Line:
			p.Message += fmt.Sprintf(", %s that begins at line %d", at.ContextMsg, began.Line)
		}
		p.Pos.Line, p.Pos.Column = where.Line, where.Column
	}
	r.problems = append(r.problems, p)
}

// stackName is what a stack may be called.
var stackName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,79}$`)

func (r *reader) document(root *yaml.Node) []Stack {
	var defaults []Setting
	var stacks []Stack
	listed, served := false, false
	for key, value := range r.members(root, "the file", []string{"defaults", "stacks", "serve"}) {
		switch key.Value {
		case "serve":
			if r.Serve != nil {
				served = true
				r.Serve(Node{r: r, node: value, what: "serve"})
			}
		case "defaults":
			defaults = r.settings(value)
		case "stacks":
			listed = true
			for name, settings := range r.members(value, "stacks", nil) {
				if !stackName.MatchString(name.Value) {
					r.problem(name, "%q cannot be a stack's name; use letters, digits, dots, dashes and underscores", name.Value)
				}
				r.other = r.Only != "" && r.Only != name.Value
				stacks = append(stacks, Stack{Name: name.Value, Settings: r.settings(settings)})
				r.other = false
			}
		}
	}
	if listed && len(stacks) == 0 || !listed && !served && len(r.problems) == 0 {
		r.problem(nil, "there is no stack in it; give it stacks:, with a name and its settings")
	}
	if r.Defaults != nil {
		r.Defaults(defaults)
	}
	for i := range stacks {
		stacks[i].Settings = append(slices.Clone(defaults), stacks[i].Settings...)
	}
	return stacks
}

// members are the keys and values of a mapping. Keys that are none of the known
// ones, where there are such, and those that stand twice are problems.
func (r *reader) members(node *yaml.Node, what string, known []string) func(func(key, value *yaml.Node) bool) {
	node = resolve(node)
	return func(yield func(key, value *yaml.Node) bool) {
		if node.Kind != yaml.MappingNode {
			r.problem(node, "%s is to hold names and values, one on a line, like storage: /srv/media", what)
			return
		}
		seen := map[string]bool{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			key, value := node.Content[i], node.Content[i+1]
			switch {
			case key.Kind != yaml.ScalarNode:
				r.problem(key, "a name is to stand here")
			case seen[key.Value]:
				r.problem(key, "%s stands twice", key.Value)
			case known != nil && !slices.Contains(known, key.Value):
				r.problem(key, "there is no setting %s%s", key.Value, r.Suggest(key.Value, known))
			default:
				seen[key.Value] = true
				if !yield(key, value) {
					return
				}
			}
		}
	}
}

func resolve(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

// settings are those of one stack.
func (r *reader) settings(node *yaml.Node) []Setting {
	names := []string{} // not nil, which would be any
	for _, k := range r.Keys {
		names = append(names, k.Name)
	}
	var list []Setting
	for name, value := range r.members(node, "a stack", names) {
		k := r.Keys[slices.Index(names, name.Value)]
		s := Setting{Name: k.Name, Pos: r.pos(name)}
		value = resolve(value)
		switch {
		case value.Kind == yaml.ScalarNode && value.Tag != "!!null":
			s.Values = r.values(k, value)
		case value.Kind == yaml.SequenceNode && k.List:
			for _, item := range value.Content {
				if item = resolve(item); item.Kind != yaml.ScalarNode {
					r.problem(item, "%s is a list of texts", k.Name)
					continue
				}
				s.Values = append(s.Values, r.values(k, item)...)
			}
		case value.Kind == yaml.SequenceNode:
			r.problem(value, "%s has one value, not a list", k.Name)
		case value.Kind == yaml.MappingNode:
			r.problem(value, "%s has a text as its value", k.Name)
		default:
			r.problem(name, "%s has no value; give it one, or leave it out", k.Name)
		}
		list = append(list, s)
	}
	return list
}

// values is the value of a node, none where a reference in it fails.
func (r *reader) values(k Key, node *yaml.Node) []string {
	text, ok := r.expand(node)
	if !ok {
		return nil
	}
	if k.Path && text != "-" {
		text = r.beside(text)
	}
	return []string{text}
}

// beside is a path relative to the file's folder, for what is neither a whole path nor
// a URL.
func (r *reader) beside(path string) string {
	if strings.Contains(path, "://") || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(r.path), path)
}

// reference is ${env:NAME} or ${file:PATH}.
var reference = regexp.MustCompile(`\$\{(env|file):([^}]*)\}`)

// expand replaces references in a value: an environment variable, or the
// content of a file without the line's end.
func (r *reader) expand(node *yaml.Node) (text string, ok bool) {
	if r.other {
		return node.Value, true
	}
	ok = true
	text = reference.ReplaceAllStringFunc(node.Value, func(ref string) string {
		m := reference.FindStringSubmatch(ref)
		if m[1] == "env" {
			value, set := r.Env(m[2])
			if !set {
				r.problem(node, "the environment variable %s is not set", m[2])
				ok = false
			}
			r.secret(value)
			return value
		}
		name := r.beside(m[2])
		content, err := os.ReadFile(name)
		if err != nil {
			r.problem(node, "${file:…} cannot be read: %v", err)
			ok = false
			return ""
		}
		value := strings.TrimRight(string(content), "\r\n")
		r.secret(name)
		r.secret(value)
		return value
	})
	return text, ok
}

func (r *reader) secret(text string) {
	if r.Secret != nil && text != "" {
		r.Secret(text)
	}
}
