package gate

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// engine is a kind of template that a configuration can be written as.
type engine struct {
	name string
	mark *regexp.Regexp // what only such a template holds
	ends []string       // of file names
	do   string         // how it is rendered
}

// engines are the kinds of template that are recognised, the more special first.
var engines = []engine{
	{"a Helm chart's template", regexp.MustCompile(`\{\{-?\s*(?:\.Values|\.Release|\.Chart|include\s+"|toYaml|range\s|with\s|if\s|end\s*-?\}\})`), nil, "render it with `helm template` first"},
	{"an ERB or EPP template", regexp.MustCompile(`<%[-=#|]?[^%]*%>`), []string{".erb", ".epp"}, "render it with `erb` or by applying the module that it belongs to first"},
	{"a Jinja template", regexp.MustCompile(`\{%[-+]?\s*\w[^%]*%\}|\{\{[-+]?\s*\w[\w.|()'"\[\] ,-]*[-+]?\}\}|\{#.*#\}`), []string{".j2", ".jinja", ".jinja2"}, "render it with the tool that it belongs to first, such as `ansible localhost -m template`"},
	{"a Go or consul template", regexp.MustCompile(`\{\{-?\s*(?:\$|\.)\w+[^}]*\}\}`), []string{".tmpl", ".ctmpl", ".gotmpl"}, "render it first, such as with `consul-template -once` or `gomplate`"},
	{"a Mustache template", regexp.MustCompile(`\{\{\{?[#/^&>]?\s*[\w.]+\s*\}?\}\}`), []string{".mustache", ".hbs"}, "render it with the tool that it belongs to first"},
	{"a template with marks between @", regexp.MustCompile(`(?m)^[^#\n]*@@?[A-Z][A-Z0-9_]+@@?`), []string{".in"}, "replace them first, as the build that it belongs to does"},
	{"a template with marks between %", regexp.MustCompile(`(?m)^[^#\n]*%%[A-Z][A-Z0-9_]+%%`), nil, "replace them first, as the build that it belongs to does"},
}

// TemplateName says that a file is called as templates are: site.conf.j2.
func TemplateName(file string) bool {
	return slices.ContainsFunc(engines, func(e engine) bool { return slices.Contains(e.ends, path.Ext(file)) })
}

// Template says that a configuration is a template that has to be rendered
// before: a *conf.Error with the place and what to do; nil for none.
func Template(source conf.Source) error {
	for _, f := range source.Files {
		for _, e := range engines {
			at := e.mark.FindStringIndex(f.Text)
			if at == nil && !slices.Contains(e.ends, path.Ext(f.Path)) || f.Text == "" {
				continue
			}
			pos := conf.Pos{File: f.Path}
			if at != nil {
				pos.Line = 1 + strings.Count(f.Text[:at[0]], "\n")
				pos.Column = at[0] - strings.LastIndexByte(f.Text[:at[0]], '\n')
			}
			return &conf.Error{Problems: []conf.Problem{{Pos: pos, Kind: conf.Syntax,
				Message: fmt.Sprintf("this is %s, and no configuration yet: %s, and try what comes out", e.name, e.do)}}}
		}
	}
	return nil
}

// Set gives a variable of a template in the manner of envsubst a value.
type Set struct{ Name, Value string }

var setName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// ParseSet reads NAME=VALUE.
func ParseSet(text string) (Set, error) {
	name, value, ok := strings.Cut(text, "=")
	if !ok || !setName.MatchString(name) || strings.ContainsAny(value, "\r\n") {
		return Set{}, fmt.Errorf("%s: write NAME=VALUE, where NAME stands as ${NAME} or $NAME in the template, and VALUE is one line", text)
	}
	return Set{name, value}, nil
}

// variable matches a reference as envsubst knows them, and {$NAME} with or
// without a default, which stands for a variable of a server's environment.
var variable = regexp.MustCompile(`\{\$[A-Za-z_][A-Za-z0-9_]*(?::[^}\n]*)?\}|\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))`)

// Substitute puts values into a configuration as envsubst does that is told
// their names: other variables stay. It returns the names that were used. Lines
// stay where they are.
func Substitute(source conf.Source, sets []Set) (conf.Source, []string) {
	source.Files = slices.Clone(source.Files)
	var used []string
	for i := range source.Files {
		f := &source.Files[i]
		f.Text = variable.ReplaceAllStringFunc(f.Text, func(ref string) string {
			name, _, _ := strings.Cut(strings.Trim(ref, "${}"), ":")
			at := slices.IndexFunc(sets, func(s Set) bool { return s.Name == name })
			if at < 0 {
				return ref
			}
			if !slices.Contains(used, name) {
				used = append(used, name)
			}
			return sets[at].Value
		})
	}
	return source, used
}

// inCapitals matches the variables that images and deployments use, and servers
// hardly ever.
var inCapitals = regexp.MustCompile(`\$\{([A-Z][A-Z0-9_]*)\}`)

// Unset are the variables of a template that have no value: a *conf.Error with
// their first places, nil for none.
func Unset(source conf.Source) error {
	var problems []conf.Problem
	seen := map[string]bool{}
	for _, f := range source.Files {
		for n, line := range strings.Split(f.Text, "\n") {
			code, _, _ := strings.Cut(line, "#")
			for _, m := range inCapitals.FindAllStringSubmatchIndex(code, -1) {
				name := code[m[2]:m[3]]
				if seen[name] {
					continue
				}
				seen[name] = true
				problems = append(problems, conf.Problem{Pos: conf.Pos{File: f.Path, Line: n + 1, Column: m[0] + 1}, Kind: conf.Syntax,
					Message: fmt.Sprintf("${%s} has no value: this is a template for envsubst; say what stands there with --set %s=VALUE", name, name)})
			}
		}
	}
	if problems == nil {
		return nil
	}
	return &conf.Error{Problems: problems}
}
