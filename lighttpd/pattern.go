package lighttpd

import (
	"errors"
	"regexp/syntax"

	"github.com/proxydiag/proxydiag/pkg/conf/pcre"
)

// pattern is a regular expression as lighttpd gives it to PCRE.
type pattern struct{ run *pcre.Pattern }

// compile makes a pattern of PCRE's one that can be run here. why says that it
// is one that cannot; err that PCRE refuses it, too.
func compile(text string) (p *pattern, why string, err error) {
	var bad *syntax.Error
	if _, err := syntax.Parse(text, syntax.Perl); errors.As(err, &bad) {
		switch bad.Code {
		case syntax.ErrMissingParen, syntax.ErrMissingBracket, syntax.ErrUnexpectedParen, syntax.ErrTrailingBackslash, syntax.ErrMissingRepeatArgument:
			return nil, "", errors.New("the pattern " + text + " is not a regular expression: " + bad.Code.String())
		}
	}
	run := pcre.New(text, false)
	if run.Wrong() != "" {
		return nil, "the pattern " + text + " is a regular expression that cannot be tried here", nil
	}
	return &pattern{run}, "", nil
}

// find returns what matched, then the groups; nil where nothing does. ok is
// false where that took too long to tell.
func (p *pattern) find(text string) (groups []string, ok bool) {
	groups, matched, why := p.run.Match(text)
	if !matched {
		return nil, why == ""
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
