package lighttpd

import (
	"net"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// truth is what is known of a condition.
type truth int

const (
	undecided truth = iota
	no
	yes
)

// state is a request on its way.
type state struct {
	r      *Router
	req    route.Request
	out    *Route
	done   bool
	socket string // that took the connection, "" where it is not known

	target string // what an upstream is asked for
	path   string // decoded
	query  string
	left   string // of the path, for the modules behind a gateway that takes it
	host   string // lower-case

	truths    []truth    // of the blocks
	captures  [][]string // of their patterns
	rewritten bool       // url.rewrite-once has acted
	handler   string     // the module that takes the request
}

func newState(r *Router, q route.Request) *state {
	if q.Method == "" {
		q.Method = "GET"
	}
	if q.Scheme == "" {
		q.Scheme = "http"
	}
	return &state{r: r, req: q, out: &Route{}, host: strings.ToLower(q.Host)}
}

func (s *state) result() *Route {
	t := s.out
	t.state = s
	t.URI, t.Args = s.path, s.query
	t.Blocks = nil
	for i, b := range s.r.conf.Blocks {
		if i < len(s.truths) && s.truths[i] == yes {
			t.Blocks = append(t.Blocks, b)
		}
	}
	return t
}

func (s *state) note(kind route.StepKind, by *conf.Directive, format string, args ...any) {
	s.out.URI = s.path
	s.out.Note(kind, by, format, args...)
}

func (s *state) end(o route.Outcome, status int, text string) {
	s.out.End(o, status, text)
	s.done = true
}

func (s *state) undecide(by *conf.Directive, format string, args ...any) {
	s.out.URI = s.path
	s.out.Undecide(by, format, args...)
	s.done = true
}

func (s *state) provide(by *conf.Directive, format string, args ...any) {
	s.out.URI = s.path
	s.out.Provide(by, format, args...)
}

// settle finds out which conditions hold.
func (s *state) settle() {
	s.truths = make([]truth, len(s.r.conf.Blocks))
	s.captures = make([][]string, len(s.r.conf.Blocks))
	s.truths[0] = yes
	for _, b := range s.r.conf.Blocks[1:] {
		s.truths[b.Index] = s.holds(b)
		if s.truths[b.Index] == yes && b.Cond.Op != opElse {
			s.note(stepCondition, b.Dir, "%s holds", b.Cond)
			if b.Cond.Object == "SERVER" || b.Cond.Tag == "host" || s.out.Server == nil && b.Cond.Tag != "url" {
				s.out.Server = b.Dir
			}
		}
	}
}

// holds evaluates a block with what it depends on: its parent holds, and no
// branch before it does. All of them stand before it.
func (s *state) holds(b *Block) truth {
	result := s.truths[b.Parent.Index]
	for p := b.Prev; p != nil && p.Index < b.Index && result != no; p = p.Prev {
		switch s.truths[p.Index] {
		case yes:
			result = no
		case undecided:
			result = undecided
		}
	}
	if b.Cond.Op == opElse || result == no {
		return result
	}
	if t := s.compare(b); t != yes {
		return t
	}
	return result
}

func known(t bool) truth {
	if t {
		return yes
	}
	return no
}

// compare evaluates a condition by itself (config_check_cond_nocache).
func (s *state) compare(b *Block) truth {
	c := b.Cond
	if c.Unknown != "" {
		return undecided
	}
	if c.Object == "SERVER" {
		s.captures[b.Index] = []string{s.socket}
		return s.compareSocket(c)
	}
	text, ok := s.compared(c)
	if !ok {
		return undecided
	}
	if t, is := s.compareNetwork(c, text); is {
		return t
	}
	if c.Object == "HTTP" && c.Tag == "host" && (c.Op == OpEqual || c.Op == OpNotEqual) {
		text = s.withPort(text, c.Value)
	}
	switch c.Op {
	case OpEqual:
		s.captures[b.Index] = []string{text}
		return known(text == c.Value)
	case OpNotEqual:
		return known(text != c.Value)
	case OpPrefix:
		s.captures[b.Index] = []string{c.Value}
		return known(strings.HasPrefix(text, c.Value))
	case OpSuffix:
		s.captures[b.Index] = []string{c.Value}
		return known(strings.HasSuffix(text, c.Value))
	case OpMatch:
		groups, ok := c.pattern.find(text)
		if s.captures[b.Index] = groups; !ok {
			return undecided
		}
		return known(groups != nil)
	}
	return c.pattern.matches(text).not()
}

// compared is the text that a condition is about.
func (s *state) compared(c Cond) (text string, ok bool) {
	field := func(name string) (string, bool) {
		if strings.EqualFold(name, "Host") {
			return s.req.Host, true
		}
		return strings.Join(s.req.Header.Values(name), ", "), true
	}
	if c.Object == "REQUEST_HEADER" {
		return field(c.Tag)
	}
	switch c.Tag {
	case "url":
		return s.path, true
	case "host":
		return s.host, true
	case "querystring", "query-string":
		return s.query, true
	case "scheme":
		return s.req.Scheme, true
	case "request-method":
		return s.req.Method, true
	case "remoteip", "remote-ip":
		return s.req.Client.String(), s.req.Client.IsValid()
	case "useragent":
		return field("User-Agent")
	case "language":
		return field("Accept-Language")
	}
	return field(c.Tag) // referer, cookie, user-agent
}

// compareNetwork compares the client's address with a network.
func (s *state) compareNetwork(c Cond, text string) (t truth, is bool) {
	if c.Object != "HTTP" || c.Tag != "remoteip" && c.Tag != "remote-ip" || c.Op != OpEqual && c.Op != OpNotEqual {
		return undecided, false
	}
	net, ok := network(c.Value)
	if !ok {
		return known(c.Op == OpNotEqual), true
	}
	in := net.Contains(s.req.Client.Unmap())
	return known(in == (c.Op == OpEqual)), true
}

// withPort adds the port to a host that is compared with one that has it, and
// takes it away from one that is compared with one that has none.
func (s *state) withPort(host, with string) string {
	port := func(text string) bool { return strings.Contains(text, ":") }
	switch {
	case host == "":
	case port(with) && !port(host) && s.socket != "":
		if _, p, err := net.SplitHostPort(s.socket); err == nil {
			return host + ":" + p
		}
	case port(host) && !port(with):
		name, _, _ := strings.Cut(host, ":")
		return name
	}
	return host
}

// compareSocket compares the socket that took the connection. Where that is
// not known the port of the host tells.
func (s *state) compareSocket(c Cond) truth {
	value := c.Value
	if c.Op == OpEqual || c.Op == OpNotEqual {
		value = socketToken(c.Value, s.r.port())
	}
	if s.socket == "" {
		_, p, err := net.SplitHostPort(value)
		if err != nil || c.Op != OpEqual && c.Op != OpNotEqual {
			return undecided
		}
		same := p == s.portAsked()
		if c.Op == OpNotEqual && same {
			return undecided
		}
		return known(same == (c.Op == OpEqual))
	}
	switch c.Op {
	case OpEqual:
		return known(s.socket == value)
	case OpNotEqual:
		return known(s.socket != value)
	case OpMatch:
		return c.pattern.matches(s.socket)
	case OpNoMatch:
		return c.pattern.matches(s.socket).not()
	case OpPrefix:
		return known(strings.HasPrefix(s.socket, value))
	}
	return known(strings.HasSuffix(s.socket, value))
}

// portAsked is the port of the URL.
func (s *state) portAsked() string {
	if _, p, err := net.SplitHostPort(s.req.Host); err == nil {
		return p
	}
	if s.req.Scheme == "https" {
		return "443"
	}
	return "80"
}

func (r *Router) port() string {
	if s := r.conf.Blocks[0].Get("server.port"); s != nil {
		if _, ok := s.Value.Int(); ok {
			return s.Value.Str()
		}
	}
	return "80"
}

// get is the setting in force: that of the last block that holds. maybe is a
// block that has it, too, and that may hold; nil for none.
func (s *state) get(name string) (found *Setting, maybe *Block) {
	for i, b := range s.r.conf.Blocks {
		if s.truths[i] == no {
			continue
		}
		set := b.Get(name)
		if set == nil {
			continue
		}
		switch s.truths[i] {
		case yes:
			found, maybe = set, nil
		case undecided:
			maybe = b
		}
	}
	return found, maybe
}

// Effective is the setting of a name that is in force at the end of a route,
// nil where none is, or where that cannot be told.
func (t *Route) Effective(name string) *Setting {
	if t == nil || t.state == nil || t.state.truths == nil {
		return nil
	}
	found, maybe := t.state.get(name)
	if maybe != nil {
		return nil
	}
	return found
}

// blockOf is the block that a setting stands in.
func (s *state) blockOf(set *Setting) *Block {
	for _, b := range s.r.conf.Blocks {
		if b.Get(set.Name) == set {
			return b
		}
	}
	return s.r.conf.Blocks[0]
}
