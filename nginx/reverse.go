package nginx

import (
	"path"
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
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
	return turnedRound(text, alias.Arg(0), file)
}

// turnedRound is a URI that a pattern matches so that a text with its captures is
// the given one.
func turnedRound(text, made, want string) (uri string, ok bool) {
	captures, ok := capturesOf(made, want)
	if !ok {
		return "", false
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return "", false
	}
	uri = route.Sample(tree, captures)
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

// detour is a rewrite, or a try_files with more than the URI: what it makes of
// what the pattern matches.
type detour struct{ pattern, makes string }

// detours are further URIs, for the router to try, that a server block may turn
// into the given one.
func (m *mappings) detours(v *vhost, uri string) []string {
	found, known := m.turns[v]
	if !known {
		found = detoursOf(v.dir)
		m.turns[v] = found
	}
	var list []string
	for _, d := range found {
		if source, ok := turnedRound(d.pattern, d.makes, uri); ok && source != uri {
			list = append(list, source)
		}
	}
	return list
}

func detoursOf(block *conf.Directive) []detour {
	var list []detour
	block.Walk(func(d *conf.Directive) bool {
		switch d.Name {
		case "rewrite":
			makes, _, _ := strings.Cut(d.Arg(1), "?")
			list = append(list, detour{d.Arg(0), makes})
		case "try_files":
			for _, a := range d.Texts(0) {
				if before, ok := strings.CutSuffix(a, "$uri"); ok && before != "" {
					list = append(list, detour{"^(.*)$", before + "$1"})
				}
			}
		}
		return true
	})
	return list
}
