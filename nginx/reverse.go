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
	captures, ok := capturesOf(alias.Arg(0), file)
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
