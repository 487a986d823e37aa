package diag

import (
	"fmt"
	"strings"
)

// Profile says how much is asked of a stack. The empty one is Standard.
type Profile string

// The profiles, each with all that the ones before it ask.
const (
	// Quick asks for whole files, and for what nobody should get.
	Quick Profile = "quick"
	// Standard asks in the ways that browsers, players and download managers do.
	Standard Profile = "standard"
	// Thorough adds rare ways to ask, and waits where a server may keep something.
	Thorough Profile = "thorough"
)

// Profiles are all profiles, the least first.
func Profiles() []Profile { return []Profile{Quick, Standard, Thorough} }

// ParseProfile reads the name of a profile; the error lists them.
func ParseProfile(s string) (Profile, error) {
	var names []string
	for _, p := range Profiles() {
		if s == string(p) {
			return p, nil
		}
		names = append(names, string(p))
	}
	return "", fmt.Errorf("no profile %q: use one of %s", s, strings.Join(names, ", "))
}

// Includes says that what q asks is asked with p.
func (p Profile) Includes(q Profile) bool { return p.rank() >= q.rank() }

func (p Profile) rank() int {
	switch p {
	case Quick:
		return 0
	case Thorough:
		return 2
	}
	return 1
}
