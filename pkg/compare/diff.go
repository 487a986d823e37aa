package compare

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// Fate says what becomes of a backend's field in a correct proxy.
type Fate string

// The fates of a field.
const (
	Keep   Fate = "keep"    // the backend's value arrives
	Own    Fate = "own"     // the proxy makes its own; it has to be there, with any value
	MayOwn Fate = "may-own" // it may be there, with any value
	Drop   Fate = "drop"    // the backend's value cannot be relied on to arrive
)

// Rule is what to expect of one field of the proxy's answer.
type Rule struct {
	Name   string   `json:"name"`
	Fate   Fate     `json:"fate"`
	Values []string `json:"values,omitempty"` // the exact values; none: with Keep the backend's, otherwise any
	Why    string   `json:"why,omitempty"`    // one sentence, with its source
}

// Expected is what a correct proxy makes of the backend's answer.
type Expected struct {
	Status int    `json:"status,omitempty"` // 0: the backend's
	Header []Rule `json:"header,omitempty"`
	Rest   Fate   `json:"rest,omitempty"` // of the backend's fields that no rule names; "" is Keep
}

// rule finds the rule for a field, or makes it of Rest.
func (e Expected) rule(name string) (r Rule, named bool) {
	for _, r := range e.Header {
		if strings.EqualFold(r.Name, name) {
			return r, true
		}
	}
	return Rule{Name: name, Fate: cmp.Or(e.Rest, Keep)}, false
}

// Verdict says what to think of a difference.
type Verdict string

// The verdicts. The first four are no fault.
const (
	Same       Verdict = "same"       // the same in substance, where a difference was allowed
	AsExpected Verdict = "expected"   // different, as a correct proxy does it
	Fleeting   Verdict = "volatile"   // changes from one answer to the next by itself
	HopByHop   Verdict = "hop-by-hop" // belongs to one connection (RFC 9110 section 7.6.1)
	Lost       Verdict = "lost"       // should have arrived and did not
	Changed    Verdict = "changed"    // arrived with another value than it should
	Duplicated Verdict = "duplicated" // arrived more often than it should
	Added      Verdict = "added"      // the proxy's own addition
)

// The names under which Diff and Volatile report what is no header field. No
// field name can begin with a colon.
const (
	StatusField  = ":status"
	BodyField    = ":body"
	FailureField = ":failure"
)

// Difference is one thing that the proxy's answer has otherwise than the
// backend's, or otherwise than expected.
type Difference struct {
	// Field is the field's name as the rule, else the backend, else the proxy
	// spells it; or StatusField, BodyField, FailureField.
	Field    string   `json:"field"`
	Backend  []string `json:"backend,omitempty"`
	Proxy    []string `json:"proxy,omitempty"`
	Expected string   `json:"expected,omitempty"` // in words or, where exact, the value
	Verdict  Verdict  `json:"verdict"`
	Meaning  string   `json:"meaning"` // one sentence
}

// Diff compares what the proxy made of a response with the backend's response
// and with what was to be expected. It lists status, body and every field that
// differ between the two or from want, and fields that arrived although want
// drops them (verdict Same), sorted by name. volatile names what differs by
// itself, as Volatile finds it. Where one side gave no answer only that
// is reported.
func Diff(backend, proxy Exchange, want Expected, volatile []string) []Difference {
	var all []Difference
	if backend.Failure != nil || proxy.Failure != nil {
		all = append(all, diffFailure(backend, proxy))
		if backend.Status == 0 || proxy.Status == 0 {
			return all
		}
	}
	c := comparison{backend: backend, proxy: proxy, want: want, volatile: volatile}
	for _, l := range leaves(viewOf(backend), viewOf(proxy).with(want)) {
		var d Difference
		var ok bool
		switch l.name {
		case StatusField:
			d, ok = c.status()
		case BodyField:
			d, ok = c.body(l)
		default:
			d, ok = c.field(l)
		}
		if ok {
			all = append(all, d)
		}
	}
	slices.SortStableFunc(all, func(a, b Difference) int {
		return cmp.Compare(strings.ToLower(a.Field), strings.ToLower(b.Field))
	})
	return all
}

// Volatile names what differs between two answers to the same request: field
// names in lower case, StatusField, BodyField; sorted.
func Volatile(first, second Exchange) []string {
	var names []string
	for _, l := range leaves(viewOf(first), viewOf(second)) {
		if !l.equal {
			names = append(names, l.name)
		}
	}
	slices.Sort(names)
	return names
}

// comparison is what the judgement of one leaf needs to know.
type comparison struct {
	backend, proxy Exchange
	want           Expected
	volatile       []string
}

func (c comparison) isVolatile(name string) bool {
	return slices.ContainsFunc(c.volatile, func(v string) bool { return strings.EqualFold(v, name) })
}

// field judges one header field. false: there is nothing to tell.
func (c comparison) field(l leaf) (Difference, bool) {
	rule, named := c.want.rule(l.name)
	d := Difference{Field: c.spelling(rule, named), Backend: l.a, Proxy: l.b, Expected: describeRule(rule, l.a)}
	d.Verdict = verdict(rule, l.a, l.b)
	silent := l.equal && rule.Fate != Drop
	switch {
	case hopByHop(l.name, c.backend.Header, c.proxy.Header):
		d.Verdict, d.Expected, silent = HopByHop, "any", l.equal
	case !named && (l.name == "date" || l.name == "server" || l.name == "via"):
		d.Verdict, d.Expected, silent = Fleeting, "any", l.equal
	case (d.Verdict == Changed || d.Verdict == Added) && c.isVolatile(l.name):
		d.Verdict = Fleeting
	case d.Verdict == Lost || d.Verdict == Changed || d.Verdict == Duplicated:
		silent = false
	}
	if silent || len(l.a)+len(l.b) == 0 && d.Verdict != Lost {
		return d, false
	}
	d.Meaning = meaning(l.name, d, rule)
	return d, true
}

// spelling is the name to show for a field.
func (c comparison) spelling(rule Rule, named bool) string {
	if named {
		return rule.Name
	}
	for _, h := range []Header{c.backend.Header, c.proxy.Header} {
		for _, f := range h {
			if strings.EqualFold(f.Name, rule.Name) {
				return f.Name
			}
		}
	}
	return http.CanonicalHeaderKey(rule.Name)
}

// describeRule says in words what is expected of a field.
func describeRule(r Rule, backend []string) string {
	switch {
	case len(r.Values) > 0:
		return strings.Join(r.Values, ", ")
	case r.Fate == Keep && len(backend) > 0:
		return strings.Join(backend, ", ")
	case r.Fate == Own:
		return "the proxy's own"
	case r.Fate == Drop:
		return "not kept"
	case r.Fate == Keep:
		return "absent"
	}
	return "any"
}
