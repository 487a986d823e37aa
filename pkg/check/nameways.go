package check

import (
	"net/url"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// way is how a backend writes a file's name into the handoff, as far as the
// value tells.
type way int

const (
	wayOther     way = iota // an idea of its own: another file
	wayRight                // the proxy reads the name out of it
	wayDouble               // escaped twice
	wayPlus                 // escaped as a form's field: a plus sign for a space
	wayMojibake             // the bytes of UTF-8 taken for characters and encoded again
	wayEncoded              // escaped where the proxy does not decode
	wayUnencoded            // with characters that the proxy does not take for themselves
	wayCharset              // in another character set than the name on disk
	wayCase                 // in upper or lower case
	wayNormal               // with accents composed or decomposed
)

// wayOf tells how the backend wrote name, from the value of its handoff. The
// value for the main fixture, whose name needs no escapes, shows what stands
// around a name.
func wayOf(v *diag.View, spec sendfile.Spec, name, value string) way {
	if got, err := spec.Decode(value); err == nil && got == name {
		return wayRight
	}
	main, get := v.Fixture(diag.RoleMain), v.Exchange(diag.BackendGet)
	if main == nil || !get.Answered() {
		return wayOther
	}
	whole := get.Header.Get(spec.Dialect.Header)
	before, after, found := strings.Cut(whole, main.Name)
	written, ok := strings.CutPrefix(value, before)
	if !found || !ok {
		return wayOther
	}
	written, ok = strings.CutSuffix(written, after)
	if !ok {
		return wayOther
	}
	return wayOfName(spec.Dialect.Coding, name, written)
}

// wayOfName tells how a name was written that the proxy does not read as it is.
func wayOfName(coding sendfile.Coding, name, written string) way {
	once := unescapeLoosely(written)
	spaces := strings.ReplaceAll(written, "+", "%20")
	switch {
	case spells(written, name):
		if coding == sendfile.Raw && written != name {
			return wayEncoded
		}
		return wayUnencoded
	case spells(once, name):
		return wayDouble
	case spells(spaces, name), spells(unescapeLoosely(spaces), name), spells(written, strings.ReplaceAll(name, "+", " ")):
		return wayPlus
	case spells(written, latin1(name)):
		return wayMojibake
	case spells(written, narrowed(name, 0xff)), spells(written, narrowed(name, 0x7f)):
		return wayCharset
	case strings.EqualFold(once, name), strings.EqualFold(written, name):
		return wayCase
	case once == recomposed(name), written == recomposed(name):
		return wayNormal
	}
	return wayOther
}

// spells says that written is name with some or all of its bytes escaped.
func spells(written, name string) bool {
	for i := range len(name) {
		switch {
		case strings.HasPrefix(written, name[i:i+1]) && !(name[i] == '%' && strings.HasPrefix(written, "%25")):
			written = written[1:]
		case len(written) >= 3 && written[0] == '%' && unescapeLoosely(written[:3]) == name[i:i+1]:
			written = written[3:]
		default:
			return false
		}
	}
	return written == ""
}

// unescapeLoosely decodes %XX and leaves what is no escape as it is.
func unescapeLoosely(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if c, err := url.PathUnescape(s[i:min(i+3, len(s))]); err == nil && s[i] == '%' {
			b.WriteString(c)
			i += 2
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// latin1 takes each byte of a name for a character.
func latin1(name string) string {
	var b strings.Builder
	for i := range len(name) {
		b.WriteRune(rune(name[i]))
	}
	return b.String()
}

// narrowed writes each character up to most as one byte and a question mark for
// all others, as software does that knows a smaller character set.
func narrowed(name string, most rune) string {
	var b strings.Builder
	for _, r := range name {
		if r > most {
			r = '?'
		}
		b.WriteByte(byte(r))
	}
	return b.String()
}

// recomposed is the name with the accent of our fixtures in its other form.
func recomposed(name string) string {
	if strings.Contains(name, composed) {
		return strings.ReplaceAll(name, composed, decomposed)
	}
	return strings.ReplaceAll(name, decomposed, composed)
}
