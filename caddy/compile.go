package caddy

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// compiler makes routes of directives as Caddy's adapter does
// (caddyconfig/httpcaddyfile).
type compiler struct {
	conf     *Config
	order    []string
	groups   int
	problems []conf.Problem
	named    map[string][]*Route // named routes, by name
}

// piece is what one directive comes to, before the directives of a block are
// put into order.
type piece struct {
	dir    string
	routes []*Route
	many   bool // the routes belong together as they are
}

// defs are the named matchers in scope.
type defs map[string]MatcherSet

// compile makes the servers of the blocks at the top.
func (c *Config) compile() {
	k := &compiler{conf: c, order: defaultOrder, named: map[string][]*Route{}}
	options := &conf.Directive{}
	var sites []*conf.Directive
	for _, d := range c.Top.Block {
		switch {
		case d.IsBlock && d.Name == "":
			options = d
		case strings.HasPrefix(d.Name, "&("):
			sites = append(sites, d)
		case d.IsBlock:
			sites = append(sites, d)
		}
	}
	k.setOrder(options)
	k.servers(options, sites)
	c.compiled, c.named = k.problems, k.named
}

// check returns the problems that compile has found.
func (c *Config) check() []conf.Problem { return c.compiled }

// note notes what Caddy would refuse.
func (k *compiler) note(d *conf.Directive, format string, args ...any) {
	k.problems = append(k.problems, conf.Problem{Pos: d.Pos, Kind: conf.Syntax, Message: fmt.Sprintf(format, args...)})
}

// setOrder applies the global option `order`.
func (k *compiler) setOrder(options *conf.Directive) {
	for _, d := range options.All("order") {
		dir, where := d.Arg(0), d.Arg(1)
		order := slices.DeleteFunc(slices.Clone(k.order), func(s string) bool { return s == dir })
		switch where {
		case "first":
			order = append([]string{dir}, order...)
		case "last":
			order = append(order, dir)
		case "before", "after":
			at := slices.Index(order, d.Arg(2))
			if at < 0 {
				k.note(d, "directive '%s' not found", d.Arg(2))
				continue
			}
			if where == "after" {
				at++
			}
			order = slices.Insert(order, at, dir)
		default:
			k.note(d, "unknown positional '%s'", where)
			continue
		}
		k.order = order
	}
}

// scope are the named matchers of a block, beside those around it.
func (k *compiler) scope(block []*conf.Directive, outer defs) defs {
	own := defs{}
	for name, set := range outer {
		own[name] = set
	}
	for _, d := range block {
		if strings.HasPrefix(d.Name, "@") {
			own[d.Name] = nil // a definition may name one that follows
		}
	}
	for _, d := range block {
		if strings.HasPrefix(d.Name, "@") {
			own[d.Name] = k.definition(d)
		}
	}
	return own
}

// block makes the routes of the directives of a block, sorted unless they are
// those of a route directive.
func (k *compiler) block(block []*conf.Directive, outer defs, sorted bool) []*Route {
	scope := k.scope(block, outer)
	var pieces []piece
	for _, d := range block {
		if strings.HasPrefix(d.Name, "@") || d.Name == "import" || d.Name == "handle_errors" {
			continue
		}
		pieces = append(pieces, k.directive(d, scope)...)
	}
	return k.arrange(pieces, sorted)
}

// arrange puts the routes of a block into order and groups (buildSubroute):
// of several handle, rewrite or root the first that matches counts.
func (k *compiler) arrange(pieces []piece, sorted bool) []*Route {
	var routes []*Route
	if !sorted {
		for _, p := range pieces {
			routes = append(routes, p.routes...)
		}
		return routes
	}
	k.sort(pieces)
	for _, dir := range []string{"handle", "rewrite", "root"} {
		count := 0
		for _, p := range pieces {
			if p.dir == dir {
				count++
			}
		}
		if count < 2 && dir != "rewrite" {
			continue
		}
		k.groups++
		for _, p := range pieces {
			if p.dir == dir && !p.many {
				p.routes[0].Group = fmt.Sprintf("group%d", k.groups)
			}
		}
	}
	for _, p := range pieces {
		routes = append(routes, p.routes...)
	}
	return consolidate(routes)
}

// consolidate puts the handlers of neighbours into one route where these have
// the same matchers: they are asked once then (consolidateRoutes).
func consolidate(routes []*Route) []*Route {
	var out []*Route
	own := false // the handlers of the last one are a copy
	for _, r := range routes {
		if n := len(out); n > 0 {
			last := out[n-1]
			if last.Terminal == r.Terminal && last.Group == r.Group && sameSets(last.Match, r.Match) {
				if !own {
					last.Handlers, own = slices.Clone(last.Handlers), true
				}
				last.Handlers = append(last.Handlers, r.Handlers...)
				continue
			}
		}
		one := *r
		own = false
		out = append(out, &one)
	}
	return out
}

func sameSets(a, b []MatcherSet) bool { return dumpSets(a) == dumpSets(b) }

// sort puts directives into their order; those of the same name by how
// particular their path is (sortRoutes).
func (k *compiler) sort(pieces []piece) {
	position := map[string]int{}
	for i, dir := range k.order {
		position[dir] = i
	}
	sort.SliceStable(pieces, func(i, j int) bool {
		a, b := pieces[i], pieces[j]
		if a.dir != b.dir {
			return position[a.dir] < position[b.dir]
		}
		if a.many || b.many {
			return false
		}
		return moreParticular(a.routes[0], b.routes[0])
	})
}

func moreParticular(a, b *Route) bool {
	p, q := onlyPath(a), onlyPath(b)
	if p == "" || q == "" {
		return len(a.Match) > 0 && len(b.Match) == 0
	}
	return len(p) > len(q)
}

// onlyPath is the path of a route that has one matcher set with one path in it.
func onlyPath(r *Route) string {
	if len(r.Match) != 1 {
		return ""
	}
	for _, m := range r.Match[0] {
		if m.Name == "path" && len(m.Values) == 1 {
			return m.Values[0]
		}
	}
	return ""
}

// matched takes the matcher off a directive's arguments: those that are left,
// from which index on, and the sets.
func (k *compiler) matched(d *conf.Directive, scope defs) (from int, sets []MatcherSet) {
	if len(d.Args) == 0 {
		return 0, nil
	}
	switch word := d.Args[0].Text; {
	case word == "*":
		return 1, nil
	case strings.HasPrefix(word, unset) && (onlyMatcher[d.Name] || oneValue[d.Name] && len(d.Args) > 1):
		return 1, []MatcherSet{{&Matcher{At: d, Name: "path", Values: []string{word}}}}
	case strings.HasPrefix(word, "/"):
		return 1, []MatcherSet{{&Matcher{At: d, Name: "path", Values: []string{word}}}}
	case strings.HasPrefix(word, "@"):
		set, ok := scope[word]
		if !ok {
			k.note(d, "unrecognized matcher name: %s", word)
		}
		return 1, []MatcherSet{set}
	}
	return 0, nil
}

// A variable that is not known is a matcher where it can be nothing else: before
// the one value that a directive takes, and where one takes none.
var (
	onlyMatcher = map[string]bool{"handle": true, "handle_path": true, "route": true, "abort": true, "file_server": true, "uri": true, "intercept": true, "copy_response": true, "copy_response_headers": true}
	oneValue    = map[string]bool{"root": true, "rewrite": true, "method": true, "invoke": true, "forward_auth": true}
)

// unary is matched for a directive that has one argument at least: a path that
// stands alone is that argument (Caddy 2.8 and later; earlier ones refuse it).
func (k *compiler) unary(d *conf.Directive, scope defs) (from int, sets []MatcherSet) {
	if len(d.Args) == 1 && strings.HasPrefix(d.Arg(0), "/") {
		return 0, nil
	}
	return k.matched(d, scope)
}

// one is the piece of a directive that makes one route of one handler.
func one(d *conf.Directive, sets []MatcherSet, h *Handler) []piece {
	h.At = d
	return []piece{{dir: sortedAs(d.Name), routes: []*Route{{At: d, Match: sets, Handlers: []*Handler{h}}}}}
}

// sortedAs is the directive among which another one is sorted.
func sortedAs(dir string) string {
	if dir == "handle_path" {
		return "handle"
	}
	return dir
}

// text is an argument with its shorthands written out.
func text(d *conf.Directive, i int) string { return long(d.Arg(i)) }
