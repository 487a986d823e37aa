package caddy

import (
	"regexp"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// Mapping is what map does: placeholders whose values depend on another text
// (map.go). A value is worked out each time that it is asked for.
type Mapping struct {
	Source       string
	Destinations []string // without their braces
	Rows         []MapRow
	Defaults     []string
}

// MapRow is one row: the outputs for an input, or for what a pattern matches.
type MapRow struct {
	Input   string
	Pattern string // "" for Input
	Outputs []string
}

// mapping reads the directive map.
func (k *compiler) mapping(d *conf.Directive, scope defs) []piece {
	from, sets := k.matched(d, scope)
	m := &Mapping{Source: text(d, from)}
	for _, name := range d.Texts(from + 1) {
		m.Destinations = append(m.Destinations, strings.Trim(name, "{}"))
	}
	for _, c := range d.Block {
		outputs := longAll(c.Texts(0))
		pattern, is := strings.CutPrefix(c.Name, "~")
		switch {
		case c.Name == "default":
			m.Defaults = outputs
		case is:
			m.Rows = append(m.Rows, MapRow{Pattern: pattern, Outputs: outputs})
		default:
			m.Rows = append(m.Rows, MapRow{Input: c.Name, Outputs: outputs})
		}
	}
	return one(d, sets, &Handler{Name: "map", Map: m})
}

// mapped is the value of a placeholder that a map makes. ok is false where none
// does.
func (s *state) mapped(key string) (text, why string, ok bool) {
	m := s.maps[key]
	if m == nil {
		return "", "", false
	}
	of := func(outputs []string) (string, bool) {
		for i, name := range m.Destinations {
			if name == key && i < len(outputs) {
				return outputs[i], outputs[i] != "-"
			}
		}
		return "", false
	}
	s.steps++ // a map may name itself
	if s.steps > maxSteps {
		return "", "{" + key + "} depends on itself", true
	}
	from := s.expand(m.Source)
	if from.why != "" {
		return "", from.why, true
	}
	for _, row := range m.Rows {
		output, given := of(row.Outputs)
		if row.Pattern == "" {
			if row.Input == from.text && given {
				v := s.expand(output)
				return v.text, v.why, true
			}
			continue
		}
		re, err := regexp.Compile(row.Pattern)
		if err != nil {
			return "", "the expression " + row.Pattern + " is not one", true
		}
		if at := re.FindStringSubmatchIndex(from.text); at != nil && given {
			return string(re.ExpandString(nil, output, from.text, at)), "", true
		}
	}
	if output, given := of(m.Defaults); given {
		v := s.expand(output)
		return v.text, v.why, true
	}
	return "", "", true
}

// traceMaps notes what the placeholders of maps in rewrites are made of.
func (c *Config) traceMaps() {
	var pairs []string
	c.handlers(func(_ *Route, h *Handler, _ []*Response) {
		if h.Map != nil {
			for _, name := range h.Map.Destinations {
				pairs = append(pairs, "{"+name+"}", h.Map.Source)
			}
		}
	})
	sources := strings.NewReplacer(pairs...)
	c.handlers(func(_ *Route, h *Handler, _ []*Response) {
		if h.Rewrite == nil {
			return
		}
		if from := sources.Replace(h.Rewrite.URI); from != h.Rewrite.URI {
			h.Rewrite.from = from
		}
	})
}
