package lighttpd

import (
	"errors"
	"regexp"
	"regexp/syntax"
)

// compile makes a pattern of PCRE's one of Go's. why says that the pattern is
// one that Go has not; err that PCRE refuses it, too.
func compile(pattern string) (re *regexp.Regexp, why string, err error) {
	re, err = regexp.Compile(pattern)
	if err == nil {
		return re, "", nil
	}
	var bad *syntax.Error
	if errors.As(err, &bad) {
		switch bad.Code {
		case syntax.ErrMissingParen, syntax.ErrMissingBracket, syntax.ErrUnexpectedParen, syntax.ErrTrailingBackslash, syntax.ErrMissingRepeatArgument:
			return nil, "", errors.New("the pattern " + pattern + " is not a regular expression: " + bad.Code.String())
		}
	}
	return nil, "the pattern " + pattern + " is a regular expression that cannot be tried here", nil
}
