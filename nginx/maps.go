package nginx

import (
	"strings"
	"sync"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/pcre"
)

// mapping is a map block
// (https://nginx.org/en/docs/http/ngx_http_map_module.html).
type mapping struct {
	dir       *conf.Directive
	hostnames bool
	volatile  bool

	once    sync.Once
	exact   map[string]*conf.Directive
	head    map[string]*conf.Directive
	tail    map[string]*conf.Directive
	regex   []*conf.Directive
	pattern []*pcre.Pattern
	rest    *conf.Directive // default
}

func newMapping(d *conf.Directive) *mapping {
	m := &mapping{dir: d}
	for _, e := range d.Block {
		if len(e.Args) == 0 {
			m.hostnames = m.hostnames || e.Name == "hostnames"
			m.volatile = m.volatile || e.Name == "volatile"
		}
	}
	return m
}

func (m *mapping) build(r *Router) {
	m.exact, m.head, m.tail = map[string]*conf.Directive{}, map[string]*conf.Directive{}, map[string]*conf.Directive{}
	for _, e := range m.dir.Block {
		if len(e.Args) != 1 || e.Name == "include" {
			continue
		}
		key := e.Name
		switch lower := strings.ToLower(key); {
		case key == "default":
			m.rest = e
		case strings.HasPrefix(key, "~"):
			text, fold := strings.CutPrefix(key[1:], "*")
			m.regex = append(m.regex, e)
			m.pattern = append(m.pattern, r.pattern(text, fold))
		case m.hostnames && strings.HasPrefix(lower, "*."):
			m.head[lower[1:]] = e
		case m.hostnames && strings.HasPrefix(lower, "."):
			m.head[lower] = e
			m.exact[lower[1:]] = e
		case m.hostnames && strings.HasSuffix(lower, ".*"):
			m.tail[lower[:len(lower)-1]] = e
		default:
			m.exact[strings.TrimPrefix(lower, `\`)] = e
		}
	}
}

// find returns the entry of a key.
func (m *mapping) find(key string) *conf.Directive {
	lower := strings.ToLower(key)
	if m.hostnames {
		lower = strings.TrimSuffix(lower, ".")
	}
	if e := m.exact[lower]; e != nil {
		return e
	}
	for i := 1; i < len(lower); i++ {
		if lower[i] == '.' && m.head[lower[i:]] != nil {
			return m.head[lower[i:]]
		}
	}
	for i := len(lower) - 2; i > 0; i-- {
		if lower[i] == '.' && m.tail[lower[:i+1]] != nil {
			return m.tail[lower[:i+1]]
		}
	}
	return nil
}

// mapped evaluates a map. A regular expression that matches leaves its
// captures behind, as everywhere; the empty key matches none.
func (s *state) mapped(name string, m *mapping) value {
	m.once.Do(func() { m.build(s.r) })
	key := s.expand(m.dir.Arg(0), false)
	if key.why != "" {
		return unknown(name, "depends on what is not known: "+key.why)
	}
	e := m.find(key.text)
	if e == nil && key.text != "" {
		for i, p := range m.pattern {
			captures, ok, why := p.Match(key.text)
			if why != "" {
				return unknown(name, "depends on "+why)
			}
			if ok {
				s.capture(p, captures)
				e = m.regex[i]
				break
			}
		}
	}
	if e == nil {
		e = m.rest
	}
	if e == nil {
		return value{}
	}
	return s.expand(e.Arg(0), false)
}
