package nginx

import (
	"path"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// uriOf is a URI by which a location with a regular expression would open a
// file: the alias tells what its captures are for that file, the pattern what
// stands around them. It is a proposal, for the router to try; ok is false
// where the pattern is too special to turn round.
func uriOf(location, alias *conf.Directive, file string) (uri string, ok bool) {
	kind, text := LocationName(location)
	if kind != LocationRegex && kind != LocationNoCase {
		return "", false
	}
	captures, ok := capturesOf(alias.Arg(0), file)
	if !ok {
		return "", false
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return "", false
	}
	uri = sample(tree, captures)
	return uri, path.IsAbs(uri)
}

// capturesOf are the values, by name or number, that the variables of a text
// have where it stands for a file.
func capturesOf(text, file string) (map[string]string, bool) {
	var pattern strings.Builder
	var names []string
	for _, p := range cutVariables(text) {
		if p.variable {
			names = append(names, p.text)
			pattern.WriteString("(.+)")
			continue
		}
		pattern.WriteString(regexp.QuoteMeta(p.text))
	}
	match := regexp.MustCompile("^" + pattern.String() + "$").FindStringSubmatch(file)
	if match == nil || len(names) == 0 {
		return nil, false
	}
	captures := map[string]string{}
	for i, name := range names {
		captures[name] = match[i+1]
	}
	return captures, true
}

// sample is a short text that a pattern matches, with given texts for groups.
func sample(tree *syntax.Regexp, captures map[string]string) string {
	switch tree.Op {
	case syntax.OpLiteral:
		return string(tree.Rune)
	case syntax.OpCharClass:
		return string(inClass(tree.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return "x"
	case syntax.OpCapture:
		for _, name := range []string{tree.Name, strconv.Itoa(tree.Cap)} {
			if text, ok := captures[name]; ok && name != "" {
				return text
			}
		}
		return sample(tree.Sub[0], captures)
	case syntax.OpPlus:
		return sample(tree.Sub[0], captures)
	case syntax.OpRepeat:
		return strings.Repeat(sample(tree.Sub[0], captures), tree.Min)
	case syntax.OpAlternate:
		return sample(tree.Sub[0], captures)
	case syntax.OpConcat:
		var b strings.Builder
		for _, sub := range tree.Sub {
			b.WriteString(sample(sub, captures))
		}
		return b.String()
	}
	return "" // what may be absent, and what has no length
}

// inClass is a plain character of a class, given as pairs of first and last.
func inClass(pairs []rune) rune {
	for _, c := range "x1-_" {
		for pair := range slices.Chunk(pairs, 2) {
			if pair[0] <= c && c <= pair[1] {
				return c
			}
		}
	}
	if len(pairs) == 0 {
		return 'x'
	}
	return pairs[0]
}
