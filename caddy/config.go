package caddy

import (
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
)

// Config is a configuration as Caddy reads it.
type Config struct {
	Source conf.Source
	// Top holds the blocks of a Caddyfile: global options, snippets, sites. Of a
	// configuration in JSON it holds a directive for each part that has a place.
	Top *conf.Directive
	// Servers are what the HTTP app runs.
	Servers []*Server
	// Fragment says that the source is a part of a configuration: directives
	// without a site around them.
	Fragment bool
	// Later says that something in it is understood by Caddy 2.7 and later only.
	Later bool

	passed   map[passedKey]*conf.Directive
	compiled []conf.Problem
	named    map[string][]*Route
}

// Parse reads the texts of a source. It is a pure function. The Config is
// whatever could be read and never nil; the error is nil or a *conf.Error with
// every problem found, in the order of reading. Of the meaning of directives
// little is checked: Caddy may refuse a configuration that Parse accepts, and
// knows modules that Parse does not.
func Parse(s conf.Source) (*Config, error) { return parse(s, environmentOf(s)) }

// parseAssuming is Parse where each variable of Caddy's environment that is not
// known has its default.
func parseAssuming(s conf.Source) (*Config, error) { return parse(s, assuming(environmentOf(s))) }

func parse(s conf.Source, env func(string) (string, bool)) (*Config, error) {
	c := &Config{Source: s, Top: &conf.Directive{IsBlock: true}}
	var problems []conf.Problem
	if len(s.Roots) == 1 {
		if f, ok := s.File(s.Roots[0]); ok && isJSON(f.Text) {
			problems = c.readJSON(f)
			return c, asError(problems)
		}
	}
	p := &parser{files: load.NewKept(s), env: env}
	for _, root := range s.Roots {
		p.root(root, c.Top)
	}
	if isPart(c.Top) {
		c.Fragment, c.Top = true, &conf.Directive{IsBlock: true}
		p = &parser{files: load.NewKept(s), env: env}
		for _, root := range s.Roots {
			p.part(root, c.Top)
		}
	}
	c.passed = p.passed
	c.Later = isLater(c.Top)
	c.compile()
	c.traceMaps()
	problems = append(p.problems, c.check()...)
	return c, asError(problems)
}

// isPart says that what was read as sites is directives without one around them,
// as in a file that a site imports: the first address is the name of a directive.
func isPart(top *conf.Directive) bool {
	for _, d := range top.Block {
		if !d.IsBlock || d.Name == "" || strings.HasPrefix(d.Name, "(") || strings.HasPrefix(d.Name, "&(") {
			continue
		}
		return strings.HasPrefix(d.Name, "@") || slices.Contains(defaultOrder, d.Name) && (len(d.Args) > 0 || d.Block != nil)
	}
	return false
}

func asError(problems []conf.Problem) error {
	if len(problems) == 0 {
		return nil
	}
	return &conf.Error{Problems: problems}
}

// envFile is the file of a Source that holds no configuration but what the
// environment gave when it was read: lines NAME=value.
const envFile = "environment"

// environmentOf looks up what the environment gave.
func environmentOf(s conf.Source) func(string) (string, bool) {
	values := map[string]string{}
	if f, ok := s.File(envFile); ok {
		for line := range strings.Lines(f.Text) {
			if name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "="); ok {
				values[name] = value
			}
		}
	}
	return func(name string) (string, bool) {
		v, ok := values[name]
		return v, ok
	}
}
