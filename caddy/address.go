package caddy

import (
	"fmt"
	"net"
	"slices"
	"sort"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// address is the key of a site (httpcaddyfile/addresses.go).
type address struct {
	scheme, host, port, path string
	at                       conf.Pos
}

// parseAddress reads [scheme://][host][:port][/path].
func parseAddress(key string) (address, error) {
	var a address
	rest := key
	if scheme, r, ok := strings.Cut(rest, "://"); ok {
		a.scheme, rest = strings.ToLower(scheme), r
	}
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		rest, a.path = rest[:i], rest[i:]
	}
	a.host = rest
	if host, port, err := net.SplitHostPort(rest); err == nil {
		a.host, a.port = host, port
	} else if strings.HasPrefix(rest, "[") && strings.HasSuffix(rest, "]") {
		a.host = rest[1 : len(rest)-1]
	}
	a.host = strings.ToLower(a.host)
	if a.path == "/" {
		a.path = ""
	}
	switch a.scheme {
	case "", "http", "https":
		return a, nil
	}
	if whyUnset(a.scheme) != "" {
		return a, nil
	}
	return a, fmt.Errorf("unsupported URL scheme %s://", a.scheme)
}

// site is a site block and its addresses on one listener.
type siteKeys struct {
	d    *conf.Directive
	keys []address
}

// servers makes a server for each address that is listened on.
func (k *compiler) servers(options *conf.Directive, sites []*conf.Directive) {
	httpPort, httpsPort := portOption(options, "http_port", "80"), portOption(options, "https_port", "443")
	var order []string
	byAddr := map[string][]*siteKeys{}
	for _, d := range sites {
		if strings.HasPrefix(d.Name, "&(") {
			k.named[strings.Trim(d.Name, "&()")] = k.block(d.Block, nil, true)
			continue
		}
		for _, key := range keysOf(d) {
			a, err := parseAddress(key.Text)
			if err != nil {
				k.problems = append(k.problems, conf.Problem{Pos: key.Pos, Kind: conf.Syntax, Message: err.Error()})
				continue
			}
			a.at = key.Pos
			port := a.port
			switch {
			case whyUnset(a.scheme) != "", port == "" && a.scheme == "" && whyUnset(a.host) != "":
				port = a.host // it may have a port of its own
			case port != "":
			case a.scheme == "http":
				port = httpPort
			default:
				port = httpsPort
			}
			if a.scheme == "" && port == httpPort {
				a.scheme = "http"
			}
			for _, host := range bindings(d, options) {
				listen := listener(host, port)
				list := byAddr[listen]
				if list == nil {
					order = append(order, listen)
				}
				if n := len(list); n == 0 || list[n-1].d != d {
					list = append(list, &siteKeys{d: d})
				}
				last := list[len(list)-1]
				last.keys = append(last.keys, a)
				byAddr[listen] = list
			}
		}
	}
	redirects := !slices.ContainsFunc(options.All("auto_https"), func(d *conf.Directive) bool {
		return d.Arg(0) == "off" || d.Arg(0) == "disable_redirects"
	})
	compiled := map[*conf.Directive][2][][]*Route{}
	for _, listen := range order {
		s := &Server{Listen: []string{listen}}
		list := byAddr[listen]
		slices.SortStableFunc(list, compareSites)
		for _, b := range list {
			k.site(s, b, len(list) == 1, compiled)
			for _, a := range b.keys {
				s.TLS = s.TLS || a.scheme == "https" || a.scheme == "" && a.host != ""
			}
		}
		s.Redirects = s.TLS && redirects
		k.conf.Servers = append(k.conf.Servers, s)
	}
}

// keysOf are the addresses of a site as they are written.
func keysOf(d *conf.Directive) []conf.Arg {
	keys := []conf.Arg{{Pos: d.Pos, Text: d.Name}}
	return append(keys, d.Args...)
}

func portOption(options *conf.Directive, name, normally string) string {
	if d := options.First(name); d != nil {
		return d.Arg(0)
	}
	return normally
}

// bindings are the addresses that a site is bound to.
func bindings(d, options *conf.Directive) []string {
	var hosts []string
	for _, b := range d.All("bind") {
		hosts = append(hosts, b.Texts(0)...)
	}
	if hosts == nil {
		for _, b := range options.All("default_bind") {
			hosts = append(hosts, b.Texts(0)...)
		}
	}
	if hosts == nil {
		return []string{""}
	}
	return hosts
}

// listener is where a site listens, as Caddy's JSON writes it.
func listener(host, port string) string {
	network, rest, ok := strings.Cut(host, "/")
	if strings.HasPrefix(network, "unix") || strings.HasPrefix(network, "fd") {
		return host
	}
	if ok {
		return network + "/" + join(rest, port)
	}
	return join(host, port)
}

// compareSites has the most particular site first (serversFromPairings).
func compareSites(a, b *siteKeys) int {
	switch {
	case beforeSite(a, b):
		return -1
	case beforeSite(b, a):
		return 1
	}
	return 0
}

func beforeSite(a, b *siteKeys) bool {
	hostA, pathA, wildA := a.longest()
	hostB, pathB, wildB := b.longest()
	switch {
	case hostA == 0:
		return false
	case hostB == 0:
		return true
	case wildA != wildB:
		return wildB
	case hostA == hostB:
		return pathA > pathB
	}
	return hostA > hostB
}

// longest is how particular the addresses are.
func (s *siteKeys) longest() (host, path int, wild bool) {
	for _, a := range s.keys {
		wild = wild || strings.Contains(a.host, "*") || a.host == ""
		host, path = max(host, specificity(a.host)), max(path, specificity(a.path))
	}
	return host, path, wild
}

// specificity is the length of a text without what stands for others.
func specificity(s string) int {
	n := len(s) - strings.Count(s, "*")
	for {
		begin := strings.IndexByte(s, '{')
		if begin < 0 {
			return n
		}
		end := strings.IndexByte(s[begin:], '}')
		if end < 0 {
			return n
		}
		n -= end + 1
		s = s[begin+end+1:]
	}
}

// site adds the routes of a site to a server.
func (k *compiler) site(s *Server, b *siteKeys, alone bool, compiled map[*conf.Directive][2][][]*Route) {
	sets := hostSets(b)
	made, ok := compiled[b.d]
	if !ok {
		made[0] = [][]*Route{k.block(b.d.Block, nil, true)}
		for _, e := range b.d.All("handle_errors") {
			made[1] = append(made[1], k.errors(e, k.scope(b.d.Block, nil)))
		}
		compiled[b.d] = made
	}
	put := func(into *[]*Route, routes []*Route) {
		if len(sets) == 0 && alone {
			s.At = b.d
			*into = append(*into, routes...)
			return
		}
		*into = append(*into, &Route{At: b.d, Match: sets, Terminal: true, site: true,
			Handlers: []*Handler{{At: b.d, Name: "subroute", Routes: routes}}})
	}
	put(&s.Routes, made[0][0])
	for _, routes := range made[1] {
		put(&s.Errors, routes)
	}
}

// errors makes the routes of handle_errors, with the statuses that it may be
// for (Caddy 2.8 and later).
func (k *compiler) errors(d *conf.Directive, scope defs) []*Route {
	routes := k.block(d.Block, scope, true)
	if len(d.Args) == 0 {
		return routes
	}
	return []*Route{{At: d, Match: []MatcherSet{{{At: d, Name: "error_status", Values: d.Texts(0)}}},
		Handlers: []*Handler{{At: d, Name: "subroute", Routes: routes}}}}
}

// hostSets are the conditions under which a request is one for a site
// (compileEncodedMatcherSets).
func hostSets(b *siteKeys) []MatcherSet {
	type pair struct {
		path  string
		hosts []string
		at    conf.Pos
	}
	var pairs []*pair
	all := false
	for _, a := range b.keys {
		i := slices.IndexFunc(pairs, func(p *pair) bool { return p.path == a.path })
		if i < 0 {
			i = len(pairs)
			pairs = append(pairs, &pair{path: a.path, at: a.at})
		}
		p := pairs[i]
		if a.host == "" && !all {
			p.hosts, all = nil, true
		}
		if !all && !slices.Contains(p.hosts, a.host) {
			p.hosts = append(p.hosts, a.host)
		}
	}
	var sets []MatcherSet
	for _, p := range pairs {
		var set MatcherSet
		if p.hosts != nil {
			set = append(set, &Matcher{At: b.d, Name: "host", Values: p.hosts})
		}
		if p.path != "" {
			set = append(set, &Matcher{At: b.d, Name: "path", Values: []string{p.path}})
		}
		if set != nil {
			sets = append(sets, set)
		}
	}
	return sets
}

// dumpSets writes matcher sets in one line: two that are written alike are alike.
func dumpSets(sets []MatcherSet) string {
	var list []string
	for _, set := range sets {
		var words []string
		for _, m := range set {
			words = append(words, m.dump())
		}
		sort.Strings(words)
		list = append(list, strings.Join(words, " "))
	}
	return strings.Join(list, " | ")
}

// dump writes a matcher.
func (m *Matcher) dump() string {
	s := m.Name + fmt.Sprintf("%q", m.Values)
	if len(m.Fields) > 0 {
		s += fmt.Sprintf("%q", m.Fields)
	}
	if m.Pattern != "" {
		s += fmt.Sprintf("%q/%q", m.Pattern, m.Group)
	}
	if m.File != nil {
		s += fmt.Sprintf("%q", *m.File)
	}
	if m.Not != nil {
		s += "(" + dumpSets(m.Not) + ")"
	}
	return s
}
