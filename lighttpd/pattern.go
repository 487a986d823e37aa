package lighttpd

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"time"

	"github.com/dlclark/regexp2"
)

// matchLimit is how long one backtracking match may take. lighttpd has PCRE's
// own limits, far below it.
const matchLimit = 500 * time.Millisecond

// pattern is a regular expression as lighttpd gives it to PCRE. Go's own engine
// runs it where it can; a backtracking one where it needs look-around,
// back-references and the like.
type pattern struct {
	linear   *regexp.Regexp
	backward *regexp2.Regexp
}

// compile makes a pattern of PCRE's one that can be run here. why says that it
// is one that cannot; err that PCRE refuses it, too.
func compile(text string) (p *pattern, why string, err error) {
	linear, err := regexp.Compile(text)
	if err == nil {
		return &pattern{linear: linear}, "", nil
	}
	var bad *syntax.Error
	if errors.As(err, &bad) {
		switch bad.Code {
		case syntax.ErrMissingParen, syntax.ErrMissingBracket, syntax.ErrUnexpectedParen, syntax.ErrTrailingBackslash, syntax.ErrMissingRepeatArgument:
			return nil, "", errors.New("the pattern " + text + " is not a regular expression: " + bad.Code.String())
		}
	}
	if backward, err := regexp2.Compile(text, regexp2.RE2); err == nil {
		backward.MatchTimeout = matchLimit
		return &pattern{backward: backward}, "", nil
	}
	return nil, "the pattern " + text + " is a regular expression that cannot be tried here", nil
}

// find returns what matched, then the groups; nil where nothing does. ok is
// false where that took too long to tell.
func (p *pattern) find(text string) (groups []string, ok bool) {
	if p.linear != nil {
		return p.linear.FindStringSubmatch(text), true
	}
	m, err := p.backward.FindStringMatch(text)
	if err != nil || m == nil {
		return nil, err == nil
	}
	for _, g := range m.Groups() {
		groups = append(groups, g.String())
	}
	return groups, true
}

// matches says whether a text matches.
func (p *pattern) matches(text string) truth {
	groups, ok := p.find(text)
	if !ok {
		return undecided
	}
	return known(groups != nil)
}

// not is the opposite of what is known.
func (t truth) not() truth {
	switch t {
	case yes:
		return no
	case no:
		return yes
	}
	return t
}
