package route

import (
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
)

// Sample is a short text that a pattern matches, with given texts for groups.
func Sample(tree *syntax.Regexp, captures map[string]string) string {
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
		return Sample(tree.Sub[0], captures)
	case syntax.OpPlus:
		return Sample(tree.Sub[0], captures)
	case syntax.OpRepeat:
		return strings.Repeat(Sample(tree.Sub[0], captures), tree.Min)
	case syntax.OpAlternate:
		return Sample(tree.Sub[0], captures)
	case syntax.OpConcat:
		var b strings.Builder
		for _, sub := range tree.Sub {
			b.WriteString(Sample(sub, captures))
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
