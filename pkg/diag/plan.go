package diag

import (
	"net/http"
	"slices"
	"time"

	"github.com/proxydiag/proxydiag/pkg/compare"
)

// Port is where a probe is sent to.
type Port string

// The ports of a stack.
const (
	Backend Port = "backend" // the application's own port
	Proxy   Port = "proxy"   // the port that users reach, the download URL
	Direct  Port = "direct"  // the proxy's location that serves the storage as it is
)

// Probe is one planned request. What it asks for is named by Role (a fixture's
// download URL on the port), or by Target (a path on the port's origin, as it
// goes on the wire), or by URL.
type Probe struct {
	ID     string `json:"id"`
	Port   Port   `json:"port"`
	Method string `json:"method"`
	Role   string `json:"role,omitempty"`
	Target string `json:"target,omitempty"`
	URL    string `json:"url,omitempty"`
	Host   string `json:"host,omitempty"`
	// Header fields are sent besides those of the stack.
	Header compare.Header `json:"header,omitempty"`
	// Without names fields of the stack that are not sent.
	Without []string `json:"without,omitempty"`
	// As names the user who asks, in place of the stack's own credentials.
	As string `json:"as,omitempty"`
	// Expect is the role of the fixture whose content the body is compared
	// with; empty: Role's.
	Expect string `json:"expect,omitempty"`
	// Parts asks for the body to be verified part by part: ranges at their
	// offsets, a content coding after decoding. The exchange's Parts tell.
	Parts bool `json:"parts,omitempty"`
	// Patient probes may take as long as their body keeps coming, see
	// compare.Request.
	Patient bool `json:"patient,omitempty"`
}

// repeatable says that the probe may be sent again: its method is safe (RFC
// 9110 section 9.2.1).
func (p Probe) repeatable() bool { return p.Method == http.MethodGet || p.Method == http.MethodHead }

// Put asks for a fixture. Role names it within the run.
type Put struct {
	Role string `json:"role"`
	// Ext ends the file's name: an extension, or a suffix with the characters
	// that the name is to try. It does not begin with a hexadecimal digit.
	Ext  string `json:"ext"`
	Size int64  `json:"size"`
	// Lead begins the file's name: a dot.
	Lead string `json:"lead,omitempty"`
	// Length is that of the whole name in bytes; 0: as it comes.
	Length int `json:"length,omitempty"`
	// Folder is a folder of the storage, relative to its root, that the file goes
	// into. It is made for it and removed again; where anything of that name is
	// there before, or the storage has no folders, the put fails. Empty: the root.
	Folder string `json:"folder,omitempty"`
	// Absent fixtures have a name and are not put: what is asked for is missing.
	Absent bool `json:"absent,omitempty"`
	// Denied fixtures are put, and refused by the companion.
	Denied bool `json:"denied,omitempty"`
	// Page fixtures are put nowhere: they are a page of text that the companion
	// answers by itself, without a handoff.
	Page bool `json:"page,omitempty"`
	// Like is the role of a fixture whose file name this one has, in Folder; the
	// companion does not know of it.
	Like string `json:"like,omitempty"`
	// Rewrites is the role of a fixture that is rewritten in place, with other
	// content and Size; this role then has its name.
	Rewrites string `json:"rewrites,omitempty"`
	// Text makes the content lines of text that end with it; empty: bytes that
	// nobody knows beforehand.
	Text string `json:"text,omitempty"`
}

// Step is what Observe carries out in one go: a pause, then the fixtures, then
// the probes, concurrently, then the looks at this machine.
type Step struct {
	Pause  time.Duration `json:"pause,omitempty"`
	Put    []Put         `json:"put,omitempty"`
	Probes []Probe       `json:"probes,omitempty"`
	// Look names files whose own and whose parents' modes and owners matter,
	// Users those who are to read them.
	Look  []string `json:"look,omitempty"`
	Users []string `json:"users,omitempty"`
}

// Empty says that nothing is left to do.
func (s Step) Empty() bool {
	return len(s.Put) == 0 && len(s.Probes) == 0 && len(s.Look) == 0 && len(s.Users) == 0
}

// Family is a group of probes that serve one question.
type Family struct {
	Name string
	// Profile is the least one that asks it.
	Profile Profile
	// When says in words on what the probes depend, for --plan; empty: on nothing.
	When string
	// First families are asked alone, before all others, where they want anything.
	First bool
	// Last families are planned when no other one wants anything any more, so
	// that what they do disturbs nothing.
	Last bool
	// Plan gives all that the family wants sent, as far as the record allows it
	// to be known. What the record already holds is left out by Next.
	Plan func(v *View) Step
}

// Next is the next step: what the families want that the record does not hold
// yet. It is pure; an empty step ends the run.
func Next(stack Stack, rec *Record, families []Family) Step {
	v := NewView(stack, rec)
	var next Step
	for _, f := range inOrder(families) {
		if !stack.Profile.Includes(f.Profile) {
			continue
		}
		if f.Last && !next.Empty() {
			continue
		}
		want := f.Plan(v)
		before := len(next.Put) + len(next.Probes)
		for _, p := range want.Put {
			if v.Fixture(p.Role) == nil && !hasPut(next.Put, p.Role) {
				next.Put = append(next.Put, p)
			}
		}
		for _, p := range want.Probes {
			if !v.Asked(p.ID) && !hasProbe(next.Probes, p.ID) {
				next.Probes = append(next.Probes, v.tell(p))
			}
		}
		for _, path := range want.Look {
			if v.Path(path) == nil && !slices.Contains(next.Look, path) {
				next.Look = append(next.Look, path)
			}
		}
		for _, name := range want.Users {
			if v.User(name) == nil && !slices.Contains(next.Users, name) {
				next.Users = append(next.Users, name)
			}
		}
		if len(next.Put)+len(next.Probes) > before {
			next.Pause = max(next.Pause, want.Pause)
			if f.First {
				return next
			}
		}
	}
	return next
}

// tell adds to a probe for the backend what that has to be told.
func (v *View) tell(p Probe) Probe {
	if p.Port != Backend {
		return p
	}
	for _, f := range v.told {
		if !p.Header.Has(f.Name) {
			p.Header = append(slices.Clone(p.Header), f)
		}
	}
	return p
}

// inOrder are the families, those that are asked before all others in front.
func inOrder(families []Family) []Family {
	var list []Family
	for _, first := range []bool{true, false} {
		for _, f := range families {
			if f.First == first {
				list = append(list, f)
			}
		}
	}
	return list
}

func hasPut(list []Put, role string) bool {
	for _, p := range list {
		if p.Role == role {
			return true
		}
	}
	return false
}

func hasProbe(list []Probe, id string) bool {
	for _, p := range list {
		if p.ID == id {
			return true
		}
	}
	return false
}
