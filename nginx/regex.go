package nginx

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/dlclark/regexp2"
)

// matchLimit is how long one backtracking match may take. nginx has PCRE's own
// limits, far below it.
const matchLimit = 500 * time.Millisecond

// pattern is a regular expression as nginx gives it to PCRE. Go's own engine
// runs it where it can, for that is fast whatever the pattern; a backtracking
// one where it needs look-around, back-references and the like. What neither
// takes is not decided.
//
// PCRE sees bytes unless the pattern begins with (*UTF8): both pattern and
// subject are then given to the engines with one character for each byte.
type pattern struct {
	text  string
	names []string // of the groups, by number; [0] is ""
	utf   bool

	once     sync.Once
	fold     bool
	plain    string // without names
	linear   *regexp.Regexp
	backward *regexp2.Regexp
	wrong    string // why it cannot be run
}

// patternKey tells patterns apart.
type patternKey struct {
	text string
	fold bool
}

// pattern returns the pattern of a text, the same one each time.
func (r *Router) pattern(text string, fold bool) *pattern {
	key := patternKey{text, fold}
	if p, ok := r.patterns.Load(key); ok {
		return p.(*pattern)
	}
	p, _ := r.patterns.LoadOrStore(key, newPattern(text, fold))
	return p.(*pattern)
}

func newPattern(text string, fold bool) *pattern {
	p := &pattern{text: text, fold: fold}
	body := text
	for _, start := range []string{"(*UTF8)", "(*UTF)"} {
		if rest, ok := strings.CutPrefix(body, start); ok {
			body, p.utf = rest, true
		}
	}
	p.plain, p.names = numberGroups(body)
	return p
}

func (p *pattern) compile() {
	text := p.plain
	if !p.utf {
		text = bytesAsRunes(text)
	}
	prefix := ""
	if p.fold {
		prefix = "(?i)"
	}
	p.linear, _ = regexp.Compile(prefix + text)
	options := regexp2.RegexOptions(regexp2.RE2)
	if p.fold {
		options |= regexp2.IgnoreCase
	}
	backward, err := regexp2.Compile(dollars(text), options)
	if err != nil {
		p.wrong = fmt.Sprintf("the regular expression %q is beyond what is understood here: %v", p.text, err)
		return
	}
	backward.MatchTimeout = matchLimit
	p.backward = backward
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

// beginning is the literal text with which every match begins at the subject's
// start; "" where there is none that is plain to see.
func (p *pattern) beginning() string {
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

// match matches a text. captures[0] is what matched, then the groups; why says
// that it cannot be decided.
func (p *pattern) match(text string) (captures []string, ok bool, why string) {
	p.once.Do(p.compile)
	subject := text
	if !p.utf {
		subject = bytesAsRunes(text)
	}
	back := func(s string) string {
		if p.utf {
			return s
		}
		return runesAsBytes(s)
	}
	if p.fold && len(subject) != len(text) && len(p.plain) != len(bytesAsRunes(p.plain)) {
		return nil, false, fmt.Sprintf("the regular expression %q ignores the case of what is not ASCII", p.text)
	}
	if p.linear != nil && !strings.Contains(text, "\n") {
		found := p.linear.FindStringSubmatch(subject)
		for _, f := range found {
			captures = append(captures, back(f))
		}
		return captures, found != nil, ""
	}
	if p.backward == nil {
		if !strings.HasPrefix(text, p.beginning()) {
			return nil, false, ""
		}
		return nil, false, p.wrong
	}
	m, err := p.backward.FindStringMatch(subject)
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
