package sendfile

import (
	"fmt"
	"strings"
)

// escape writes a path, already found to be expressible, in the dialect's
// coding.
func (d Dialect) escape(p string) string {
	switch d.Coding {
	case Raw:
		return p
	case Decoded:
		return percent(p, "/\t") // an escaped tab would become '_'
	}
	return percent(p, "/")
}

// percent escapes every byte but unreserved characters (RFC 3986, section 2.3)
// and those in keep.
func percent(s, keep string) string {
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~"+keep, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// unescape reads a header value as the server does and returns the path that
// it names.
func (d Dialect) unescape(value string) (string, error) {
	if strings.ContainsRune(value, 0) {
		return "", fmt.Errorf("%w: it contains NUL", ErrMalformed)
	}
	if d.Form == URI {
		value, _, _ = strings.Cut(value, "?")
	}
	if d.Coding == Raw {
		return value, nil
	}
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		c := value[i]
		if c == '%' {
			if high, low := hexAt(value, i+1), hexAt(value, i+2); high >= 0 && low >= 0 {
				c = byte(high<<4 | low)
				i += 2
				if c == 0 && d.Coding == Percent {
					return "", fmt.Errorf("%w: it contains an escaped NUL", ErrMalformed)
				}
				if d.Coding == Decoded && (c < ' ' || c == 0x7f) {
					c = '_'
				}
			} else if d.Coding == Percent {
				return "", fmt.Errorf("%w: '%%' begins no escape", ErrMalformed)
			}
		}
		b.WriteByte(c)
	}
	return b.String(), nil
}

// hexAt returns the value of the hexadecimal digit at s[i], or -1.
func hexAt(s string, i int) int {
	if i >= len(s) {
		return -1
	}
	switch c := s[i]; {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
