package apache

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// environment is what SetEnvIf and its kin set for a request, as far as the
// request tells (mod_setenvif documentation). What is not there may be set all
// the same: by a module that nobody here knows.
type environment struct {
	value map[string]string
	by    map[string]*conf.Directive
}

func newEnvironment() environment {
	return environment{value: map[string]string{}, by: map[string]*conf.Directive{}}
}

func (e environment) set(name, value string, by *conf.Directive) {
	if rest, not := strings.CutPrefix(name, "!"); not {
		delete(e.value, rest)
		return
	}
	e.value[name], e.by[name] = value, by
}

// setServer runs what stands in the servers' blocks, before the request is
// translated; what stands in sections runs after it.
func (s *state) setServer() { s.setEnv(s.servers()) }

func (s *state) setSections() { s.setEnv(s.sections()[len(s.servers()):]) }

func (s *state) setEnv(blocks []*conf.Directive) {
	for _, d := range inBlocks(blocks, "SetEnvIf", "SetEnvIfNoCase", "SetEnvIfExpr", "BrowserMatch", "BrowserMatchNoCase") {
		words := d.Texts(0)
		holds := unknown
		var captures []string
		switch d.Name {
		case "SetEnvIfExpr":
			if len(words) < 2 {
				continue
			}
			holds, words = s.expr(words[0]), words[1:]
		default:
			attribute := "User-Agent"
			if strings.HasPrefix(d.Name, "SetEnvIf") && len(words) > 0 {
				attribute, words = words[0], words[1:]
			}
			if len(words) < 2 {
				continue
			}
			p := compile(words[0], strings.HasSuffix(d.Name, "NoCase"))
			if value, ok := s.attribute(attribute); ok && p.why == "" && !s.mentions(d) {
				var fits bool
				captures, fits = p.match(value)
				holds = known(fits)
			}
			words = words[1:]
		}
		for _, word := range words {
			name, value, given := strings.Cut(word, "=")
			if !given {
				value = "1"
			}
			switch holds {
			case yes:
				s.env.set(name, substitute(value, captures), d)
			case unknown: // it may have another value now, or none
				delete(s.env.value, strings.TrimPrefix(name, "!"))
			}
		}
	}
}

// attribute is what SetEnvIf looks at: something of the request, or what was
// set before, or a field of the header.
func (s *state) attribute(name string) (value string, known bool) {
	switch strings.ToLower(name) {
	case "request_uri":
		return s.uri, true
	case "request_method":
		return s.req.Method, true
	case "remote_addr":
		return s.variable("REMOTE_ADDR")
	case "remote_host", "server_addr", "request_protocol":
		return "", false
	}
	if v, ok := s.env.value[name]; ok {
		return v, true
	}
	if strings.ContainsAny(name, `^$*+?()[]{}|\.`) {
		return "", false // a pattern of names
	}
	return s.variable("HTTP:" + name)
}

// mentions says that a directive has a variable without a value.
func (s *state) mentions(d *conf.Directive) bool {
	for _, name := range s.r.conf.Undefined {
		if strings.Contains(d.String(), "${"+name+"}") {
			return true
		}
	}
	return false
}
