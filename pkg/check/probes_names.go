package check

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// nameSize is the size in bytes of fixtures that are there for their names.
const nameSize = 700

// named is a fixture whose name tries something; all else is as in the main
// fixture's.
type named struct {
	role string
	// what the name has, for people: “names with …”.
	what string
	put  diag.Put
	// folder says that it goes into a folder of its own.
	folder bool
}

// Roles that a rule asks for by name.
const (
	nameAccent     = "name-accent"
	nameDecomposed = "name-decomposed"
	nameUpper      = "name-upper"
	nameDot        = "name-dot"
	nameFolder     = "name-folder"
)

// The same letter as one code point and as two (Unicode Standard Annex 15).
const (
	composed   = "\u00e9"  // é
	decomposed = "e\u0301" // e and a combining acute accent
)

// commonNames are what the names of uploaded files really have, and what tells
// the ways of escaping a name from each other.
func commonNames() []named {
	return []named{
		suffix("name-space", "a space", "-a b.bin"),
		suffix("name-percent", "a per cent sign", "-100%.bin"),
		suffix("name-escape", "%20 as text", "-a%20b.bin"),
		suffix("name-question", "a question mark", "-what?.bin"),
		suffix("name-hash", "a number sign", "-#1.bin"),
		suffix("name-plus", "a plus sign", "-1+1.bin"),
		suffix("name-ampersand", "an ampersand", "-a&b=c.bin"),
		suffix(nameAccent, "an accented letter", "-caf"+composed+".bin"),
		suffix(nameDecomposed, "an accented letter in two parts (NFD)", "-caf"+decomposed+".bin"),
		suffix(nameUpper, "upper-case letters", "-UPPER.bin"),
		{role: nameDot, what: "a dot at the beginning", put: diag.Put{Ext: ".bin", Lead: "."}},
		{role: nameFolder, what: "a folder", put: diag.Put{Ext: ".bin"}, folder: true},
	}
}

// rareNames are names that are seldom seen, and sometimes refused for good
// reason.
func rareNames() []named {
	return []named{
		suffix("name-semicolon", "a semicolon and a comma", "-a;b,c.bin"),
		suffix("name-quotes", "quotes", `-'a'"b".bin`),
		suffix("name-backslash", "a backslash", `-a\b.bin`),
		suffix("name-brackets", "brackets", "-[1]{2}(3)<4>.bin"),
		suffix("name-cjk", "Chinese characters", "-日本.bin"),
		suffix("name-emoji", "an emoji", "-🙂.bin"),
		{role: "name-long", what: "255 bytes", put: diag.Put{Ext: ".bin", Length: 255}},
	}
}

func allNames() []named { return append(commonNames(), rareNames()...) }

func suffix(role, what, ext string) named {
	return named{role: role, what: what, put: diag.Put{Ext: ext}}
}

func (n named) probe() string { return "proxy-" + n.role }

func rolesOfNames() (roles []string) {
	for _, n := range allNames() {
		roles = append(roles, n.role)
	}
	return roles
}

func probesOfNames() (ids []string) {
	for _, n := range allNames() {
		ids = append(ids, n.probe())
	}
	return ids
}

// plan puts the fixture, asks the proxy for it, and the backend where it does
// not come.
func (n named) plan(v *diag.View, step *diag.Step) {
	p := n.put
	p.Role, p.Size = n.role, nameSize
	if n.folder {
		// The main fixture's name is one that nothing else has.
		p.Folder = strings.TrimSuffix(v.Fixture(diag.RoleMain).Name, ".bin")
	}
	step.Put = append(step.Put, p)
	if !v.Fixture(n.role).OK() {
		return
	}
	step.Probes = append(step.Probes, diag.Probe{ID: n.probe(), Port: diag.Proxy, Method: "GET", Role: n.role})
	if x := v.Exchange(n.probe()); x != nil && !x.Delivers() {
		step.Probes = append(step.Probes, diag.Probe{ID: OnBackend(n.probe()), Port: diag.Backend, Method: "GET", Role: n.role})
	}
}

// names puts and asks for files with names that are easily broken on the way:
// escaped in the URL, decoded by the application, written into the handoff, and
// read by the proxy.
var names = diag.Family{
	Name: "names",
	When: "the download works and the backend hands off; the backend is asked where one does not come",
	Plan: func(v *diag.View) diag.Step { return planNames(v, commonNames()) },
}

// oddNames asks for rare names.
var oddNames = diag.Family{
	Name:    "odd-names",
	Profile: diag.Thorough,
	When:    "as for names",
	Plan:    func(v *diag.View) diag.Step { return planNames(v, rareNames()) },
}

func planNames(v *diag.View, list []named) diag.Step {
	var step diag.Step
	if othersMakeSense(v) {
		for _, n := range list {
			n.plan(v, &step)
		}
	}
	return step
}
