package nginx

import "strings"

// normalise makes of a request target what nginx matches: %XX decoded, "." and
// ".." resolved, "//" merged unless merge_slashes is off, the fragment left
// out (ngx_http_parse_complex_uri). ok is false where nginx answers 400.
func normalise(target string, merge bool) (uri, args string, ok bool) {
	for i := range len(target) {
		if target[i] <= ' ' || target[i] == 0x7f {
			return "", "", false
		}
	}
	const (
		usual = iota
		slash
		dot
		dotDot
	)
	u := make([]byte, 0, len(target)+1)
	state := usual
	up := func() bool { // removes "/.." and the segment before it
		i := len(u) - 4
		for ; i >= 0 && u[i] != '/'; i-- {
		}
		if i < 0 {
			return false
		}
		u = u[:i+1]
		return true
	}
	rest := ""
	for i := 0; i < len(target); i++ {
		c := target[i]
		literal := false // a decoded byte that is no longer special
		switch c {
		case '?', '#':
			rest = target[i:]
		case '%':
			if i+2 >= len(target) || unhex(target[i+1]) < 0 || unhex(target[i+2]) < 0 {
				return "", "", false
			}
			c = byte(unhex(target[i+1])<<4 | unhex(target[i+2]))
			i += 2
			if c == 0 {
				return "", "", false
			}
			literal = c == '%' || c == '#' || c == '?'
		}
		if rest != "" {
			break
		}
		switch {
		case literal:
			u = append(u, c)
			state = usual
		case c == '/':
			switch state {
			case usual:
				u = append(u, c)
			case slash:
				if !merge {
					u = append(u, c)
				}
			case dot:
				u = u[:len(u)-1]
			case dotDot:
				if !up() {
					return "", "", false
				}
			}
			state = slash
		case c == '.' && state != usual:
			u = append(u, c)
			state = map[int]int{slash: dot, dot: dotDot, dotDot: usual}[state]
		default:
			u = append(u, c)
			state = usual
		}
	}
	switch state {
	case dot:
		u = u[:len(u)-1]
	case dotDot:
		if !up() {
			return "", "", false
		}
	}
	if a, found := strings.CutPrefix(rest, "?"); found {
		args, _, _ = strings.Cut(a, "#")
	}
	return string(u), args, true
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// internalURI makes of the value of X-Accel-Redirect what nginx redirects to
// (ngx_http_parse_unsafe_uri): the arguments cut off, %XX decoded, nothing
// else resolved. ok is false for what nginx calls unsafe.
func internalURI(value string) (uri, args string, ok bool) {
	if value == "" || value[0] == '?' || climbs(value) {
		return "", "", false
	}
	uri, args, _ = strings.Cut(value, "?")
	if strings.IndexByte(uri, 0) >= 0 || climbs(uri) {
		return "", "", false
	}
	if strings.IndexByte(uri, '%') < 0 {
		return uri, args, true
	}
	uri = unescapeURI(uri)
	return uri, args, strings.IndexByte(uri, 0) < 0 && !climbs(uri)
}

// climbs says that a URI has a ".." segment. As nginx sees it a "?" does not
// end a segment, and the arguments are not looked at.
func climbs(uri string) bool {
	path, _, _ := strings.Cut(uri, "?")
	if path == ".." && path == uri || strings.HasPrefix(path, "../") {
		return true
	}
	return strings.Contains(path, "/../") || path == uri && strings.HasSuffix(path, "/..")
}

// unescapeURI decodes %XX as ngx_unescape_uri() does: of a broken escape the
// "%" is lost, or all of it.
func unescapeURI(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		if i+1 >= len(s) {
			break
		}
		i++
		high := unhex(s[i])
		if high < 0 {
			b.WriteByte(s[i])
			continue
		}
		if i+1 >= len(s) {
			break
		}
		i++
		if low := unhex(s[i]); low >= 0 {
			b.WriteByte(byte(high<<4 | low))
		}
	}
	return b.String()
}

// unescapeRedirect decodes what needs no escape in a redirect's target, up to
// a "?", be it escaped or not (NGX_UNESCAPE_REDIRECT).
func unescapeRedirect(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '?' {
			b.WriteString(s[i:])
			break
		}
		if s[i] == '%' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0 {
			c := byte(unhex(s[i+1])<<4 | unhex(s[i+2]))
			if c == '?' {
				b.WriteByte(c)
				b.WriteString(s[i+3:])
				break
			}
			if c > '%' && c < 0x7f {
				b.WriteByte(c)
			} else {
				b.WriteString(s[i : i+3])
			}
			i += 2
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// Bytes that ngx_escape_uri() escapes since nginx 1.21.1, beside the controls
// and everything from 0x7F on.
const (
	escapedInURI  = " \"#%<>?\\^`{|}"
	escapedInArgs = " \"#%&+;<>?\\^`{|}"
)

func escape(s, special string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < ' ' || c >= 0x7f || strings.IndexByte(special, c) >= 0 {
			b.Write([]byte{'%', hex[c>>4], hex[c&15]})
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

func escapeURI(s string) string { return escape(s, escapedInURI) }
