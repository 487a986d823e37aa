package apache

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/pcre"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// mapping is a ProxyPass or ProxyPassMatch.
type mapping struct {
	dir     *conf.Directive
	path    string // prefix or pattern
	target  string
	regex   bool
	nocanon bool
	interp  bool
}

// newMapping reads a directive; within a Location the path is that of the
// section.
func newMapping(d *conf.Directive) (m mapping, ok bool) {
	m = mapping{dir: d, regex: d.Name == "ProxyPassMatch"}
	words := d.Texts(0)
	if p := d.Parent; p != nil && (p.Name == "Location" || p.Name == "LocationMatch") {
		m.path, _ = isRegex(p)
	} else {
		if len(words) > 0 && words[0] == "~" {
			m.regex, words = true, words[1:]
		}
		if len(words) == 0 {
			return m, false
		}
		m.path, words = words[0], words[1:]
	}
	if len(words) == 0 {
		return m, false
	}
	m.target = words[0]
	for _, w := range words[1:] {
		switch strings.ToLower(w) {
		case "nocanon":
			m.nocanon = true
		case "interpolate":
			m.interp = true
		}
	}
	return m, true
}

// literal is what every URI begins with that a mapping takes.
func (m mapping) literal() string {
	text, anchored := strings.CutPrefix(m.path, "^")
	switch {
	case !m.regex:
		return m.path
	case !anchored:
		return ""
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return pcre.New(m.path, false).Beginning()
	}
	prefix, _ := re.LiteralPrefix()
	return prefix
}

// proxyPass looks for the ProxyPass that takes the URI: that of the innermost
// Location, or else the first one of the main server and then of the virtual
// host, in the order of the file (proxy_trans and merge_proxy_config in
// mod_proxy.c: ProxyPassInherit does not change that).
func (s *state) proxyPass() {
	if s.filename != "" {
		return
	}
	if _, off := s.env.value["no-proxy"]; off {
		s.step(route.StepProxy, s.env.by["no-proxy"], "no-proxy is set: no upstream gets %s", s.uri)
		return
	}
	if d := lastOf(inBlocks(s.locations, "ProxyPass", "ProxyPassMatch")); d != nil {
		if m, ok := newMapping(d); ok && s.tryMapping(m) {
			return
		}
	}
	for _, d := range inBlocks(s.servers(), "ProxyPass", "ProxyPassMatch") {
		if m, ok := newMapping(d); ok && s.tryMapping(m) {
			return
		}
	}
}

// tryMapping is true where a mapping settles the matter.
func (s *state) tryMapping(m mapping) bool {
	if s.unset(m.dir, m.path) {
		return true
	}
	rest, escaped := "", false
	var captures []string
	if m.regex {
		p := compile(m.path, false)
		if p.why != "" {
			s.undecided(m.dir, "%s", p.why)
			return true
		}
		var ok bool
		if captures, ok = p.match(s.uri); !ok {
			return false
		}
	} else if aliasMatch(s.uri, m.path) == 0 {
		return false
	}
	if s.unset(m.dir, m.target) {
		return true
	}
	if m.target == "!" {
		s.step(route.StepProxy, m.dir, "%s is excluded: no upstream gets it", s.uri)
		return true
	}
	if m.interp && strings.Contains(m.target, "${") {
		s.undecided(m.dir, "the upstream is put together from variables of the request")
		return true
	}
	uri := s.uri
	if m.nocanon {
		uri, escaped = s.unparsed, true
	}
	var target string
	if m.regex {
		if escaped {
			if again, ok := compile(m.path, false).match(uri); ok {
				captures = again
			} else {
				uri, escaped = s.uri, false
			}
		}
		if target = substitute(m.target, captures); target == m.target {
			target += uri
		}
	} else {
		n := aliasMatch(uri, m.path)
		if n == 0 { // the escaped form does not begin so
			uri, escaped = s.uri, false
			n = aliasMatch(uri, m.path)
		}
		rest = uri[n:]
		target = m.target + rest
	}
	s.filename, s.pass, s.nocanon = "proxy:"+target, m.dir, escaped
	s.step(route.StepProxy, m.dir, "takes %s to %s", s.uri, target)
	return true
}

// upstream ends the way at an upstream. url is the target, its path decoded
// unless nocanon.
func (s *state) upstream(url string) {
	u := &route.Upstream{Pass: s.pass}
	socket := ""
	if rest, ok := strings.CutPrefix(url, "unix:"); ok {
		if sock, behind, ok := strings.Cut(rest, "|"); ok {
			socket, url = "unix:"+sock, behind
		}
	}
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok {
		s.step(route.StepProxy, s.pass, "%q is no URL", url)
		s.end(route.Failed, http.StatusInternalServerError, "")
		return
	}
	u.Protocol = strings.ToLower(scheme)
	host, path := rest, ""
	if i := strings.IndexByte(rest, '/'); i >= 0 {
		host, path = rest[:i], rest[i:]
	} else if u.Protocol == "http" || u.Protocol == "https" {
		path = "/"
	}
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	if _, port := splitPort(host); strings.Trim(port, "0123456789") != "" && !strings.ContainsAny(port, "${%") {
		s.step(route.StepProxy, s.pass, "%q is no address: a slash is missing behind it", host)
		s.end(route.Failed, http.StatusInternalServerError, "")
		return
	}
	if strings.ContainsAny(host, "${%") {
		u.Unknown = "the host " + host
	}
	args := s.args
	if !s.nocanon {
		path = proxyEscape(path)
	} else if p, q, ok := strings.Cut(path, "?"); ok {
		path, args = p, q
	}
	u.Host, u.URI = host, withArgs(path, args)
	switch {
	case socket != "":
		u.Host = socket
		u.Peers = []route.Peer{{Addr: socket, Directive: s.pass}}
	case u.Protocol == "balancer":
		s.balancer(u, path, args)
	default:
		u.Peers = []route.Peer{{Addr: withPort(u.Protocol, host), Directive: s.pass}}
	}
	s.out.Upstream = u
	s.end(route.Proxied, 0, "")
}

// withPort is host:port with the port that a protocol has by default.
func withPort(protocol, host string) string {
	if _, port := splitPort(host); port != "" {
		return host
	}
	if port := map[string]string{"http": "80", "ws": "80", "h2c": "80", "https": "443", "wss": "443", "h2": "443", "fcgi": "8000", "ajp": "8009", "scgi": "4000", "uwsgi": "3031"}[protocol]; port != "" {
		return host + ":" + port
	}
	return host
}

// balancer fills in the members of a balancer.
func (s *state) balancer(u *route.Upstream, path, args string) {
	name := "balancer://" + strings.ToLower(u.Host)
	prefixes := map[string]bool{}
	add := func(d *conf.Directive, url string, params []string) {
		socket := ""
		if rest, ok := strings.CutPrefix(url, "unix:"); ok {
			if sock, behind, ok := strings.Cut(rest, "|"); ok {
				socket, url = "unix:"+sock, behind
			}
		}
		scheme, rest, _ := strings.Cut(url, "://")
		host, prefix, _ := strings.Cut(rest, "/")
		if prefix != "" {
			prefix = "/" + strings.TrimSuffix(prefix, "/")
		}
		p := route.Peer{Addr: withPort(scheme, host), Directive: d}
		if socket != "" {
			p.Addr = socket
		}
		for _, param := range params {
			if v, ok := strings.CutPrefix(strings.ToLower(param), "status="); ok {
				setStatus(&p, v)
			}
		}
		if !p.Down || len(u.Peers) == 0 {
			u.Protocol = scheme
			u.URI = withArgs(prefix+path, args)
		}
		if !p.Down {
			prefixes[prefix] = true
		}
		u.Peers = append(u.Peers, p)
	}
	for _, b := range s.servers() {
		for _, d := range b.All("Proxy", "BalancerMember") {
			if d.Name == "BalancerMember" {
				if strings.ToLower(strings.TrimSuffix(d.Arg(0), "/")) == name && len(d.Args) > 1 {
					add(d, d.Arg(1), d.Texts(2))
				}
			} else if strings.ToLower(strings.TrimSuffix(d.Arg(0), "/")) == name {
				u.Block = d
				for _, m := range d.All("BalancerMember") {
					add(m, m.Arg(0), m.Texts(1))
				}
			}
		}
	}
	if len(prefixes) > 1 {
		u.Unknown = "the URI: the members have different paths"
	}
	if len(u.Peers) == 0 {
		u.Unknown = "the members of balancer://" + u.Host
	}
}

// setStatus reads the letters of a member's status, each with a sign in front or
// as the one before (BalancerMember, status, in mod_proxy's documentation).
func setStatus(p *route.Peer, letters string) {
	set := true
	for _, l := range letters {
		switch l {
		case '+', '-':
			set = l == '+'
		case 'd', 's':
			p.Down = set
		case 'h':
			p.Backup = set
		}
	}
}
