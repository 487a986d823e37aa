// Package pcre runs the regular expressions of servers that have PCRE.
package pcre

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/dlclark/regexp2"
)

// matchLimit is how long one backtracking match may take. PCRE has limits of its
// own, far below it.
const matchLimit = 500 * time.Millisecond

// Pattern is a regular expression of PCRE's. Go's own engine runs it where it
// can, for that is fast whatever the pattern; a backtracking one where it needs
// look-around, back-references and the like. What neither takes is not decided.
//
// PCRE sees bytes unless the pattern begins with (*UTF8): both pattern and
// subject are then given to the engines with one character for each byte.
//
// It may be used by several goroutines at once.
type Pattern struct {
	text  string
	names []string // of the groups, by number; [0] is ""
	utf   bool

	fold  bool
	plain string // without names

	once     sync.Once
	linear   *regexp.Regexp
	twice    sync.Once
	backward *regexp2.Regexp
	wrong    string // why it cannot be run
}

// New returns the pattern of a text; with fold it ignores case.
func New(text string, fold bool) *Pattern {
	p := &Pattern{text: text, fold: fold}
	body := text
	for _, start := range []string{"(*UTF8)", "(*UTF)"} {
		if rest, ok := strings.CutPrefix(body, start); ok {
			body, p.utf = rest, true
		}
	}
	p.plain, p.names = numberGroups(body)
	return p
}

// forward is the pattern for Go's engine, nil where that does not take it.
func (p *Pattern) forward() *regexp.Regexp {
	p.once.Do(func() {
		prefix := ""
		if p.fold {
			prefix = "(?i)"
		}
		p.linear, _ = regexp.Compile(prefix + p.subject(p.plain))
	})
	return p.linear
}

// backtracking is the pattern for the other one, nil where that does not take
// it either.
func (p *Pattern) backtracking() *regexp2.Regexp {
	p.twice.Do(func() {
		options := regexp2.RegexOptions(regexp2.RE2)
		if p.fold {
			options |= regexp2.IgnoreCase
		}
		backward, err := regexp2.Compile(dollars(p.subject(p.plain)), options)
		if err != nil {
			p.wrong = fmt.Sprintf("the regular expression %q is beyond what is understood here: %v", p.text, err)
			return
		}
		backward.MatchTimeout = matchLimit
		p.backward = backward
	})
	return p.backward
}

// subject is a text as the engines are to see it.
func (p *Pattern) subject(text string) string {
	if p.utf {
		return text
	}
	return bytesAsRunes(text)
}

// Wrong says why it cannot be told what the pattern matches, "" where it can.
func (p *Pattern) Wrong() string {
	if p.forward() == nil {
		p.backtracking()
	}
	return p.wrong
}

// dollars writes "$" as PCRE means it: at the end, or before a newline there.
func dollars(text string) string {
	if !strings.Contains(text, "$") || strings.Contains(text, "(?m") {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text):
			b.WriteString(text[i : i+2])
			i++
		case text[i] == '[':
			n := classEnd(text[i:])
			b.WriteString(text[i : i+n])
			i += n - 1
		case text[i] == '$':
			b.WriteString(`(?=\n?\z)`)
		default:
			b.WriteByte(text[i])
		}
	}
	return b.String()
}

// Beginning is the literal text with which every match begins at the subject's
// start; "" where there is none that is plain to see.
func (p *Pattern) Beginning() string {
	text, anchored := strings.CutPrefix(p.plain, "^")
	if !anchored || p.fold || alternatives(text) {
		return ""
	}
	n := 0
	for n < len(text) && (isWord(rune(text[n])) || text[n] == '/' || text[n] == '-') {
		n++
	}
	if n > 0 && n < len(text) && strings.IndexByte("?*+{", text[n]) >= 0 {
		n--
	}
	return text[:n]
}

// alternatives says that a pattern has a "|" outside of all groups.
func alternatives(text string) bool {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '[':
			i += classEnd(text[i:]) - 1
		case '(':
			depth++
		case ')':
			depth--
		case '|':
			if depth == 0 {
				return true
			}
		}
	}
	return false
}

// Names are the names of the groups, by number; "" for those without one.
func (p *Pattern) Names() []string { return p.names }

// Match matches a text. captures[0] is what matched, then the groups; why says
// that it cannot be decided.
func (p *Pattern) Match(text string) (captures []string, ok bool, why string) {
	subject := p.subject(text)
	back := func(s string) string {
		if p.utf {
			return s
		}
		return runesAsBytes(s)
	}
	if p.fold && len(subject) != len(text) && len(p.plain) != len(bytesAsRunes(p.plain)) {
		return nil, false, fmt.Sprintf("the regular expression %q ignores the case of what is not ASCII", p.text)
	}
	if linear := p.forward(); linear != nil && !strings.Contains(text, "\n") {
		found := linear.FindStringSubmatch(subject)
		for _, f := range found {
			captures = append(captures, back(f))
		}
		return captures, found != nil, ""
	}
	backward := p.backtracking()
	if backward == nil {
		if !strings.HasPrefix(text, p.Beginning()) {
			return nil, false, ""
		}
		return nil, false, p.wrong
	}
	m, err := backward.FindStringMatch(subject)
	if err != nil {
		return nil, false, fmt.Sprintf("the regular expression %q takes too long: %v", p.text, errors.Unwrap(err))
	}
	if m == nil {
		return nil, false, ""
	}
	for _, g := range m.Groups() {
		captures = append(captures, back(g.String()))
	}
	return captures, true, ""
}

// bytesAsRunes makes a character of each byte of a text.
func bytesAsRunes(s string) string {
	ascii := true
	for i := range len(s) {
		ascii = ascii && s[i] < 0x80
	}
	if ascii {
		return s
	}
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

// runesAsBytes is the inverse of bytesAsRunes.
func runesAsBytes(s string) string {
	var b strings.Builder
	for _, r := range s {
		b.WriteByte(byte(r))
	}
	return b.String()
}
