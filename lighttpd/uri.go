package lighttpd

import (
	"strings"
	"unicode/utf8"
)

// parseOptions are those of server.http-parseopts that decide what a request
// target becomes; what holds by default is on.
type parseOptions struct {
	normalize, required, noControls, decodeSlash, refuseSlash, simplify, refuseDots, anyUTF8 bool
}

func optionsOf(v *Value) parseOptions {
	o := parseOptions{normalize: true, noControls: true, decodeSlash: true, simplify: true}
	if v == nil {
		return o
	}
	for _, i := range v.Items {
		on := i.Value.On(false)
		switch i.Key {
		case "url-normalize":
			o.normalize = on
		case "url-normalize-required":
			o.required = on
		case "url-ctrls-reject":
			o.noControls = on
		case "url-path-2f-decode":
			o.decodeSlash = on
		case "url-path-2f-reject":
			o.refuseSlash, o.decodeSlash = on, o.decodeSlash && !on
		case "url-path-dotseg-remove":
			o.simplify = on
		case "url-path-dotseg-reject":
			o.refuseDots, o.simplify = on, o.simplify && !on
		case "url-invalid-utf8-reject":
			o.anyUTF8 = !on
		}
	}
	return o
}

// target reads a request target: what an upstream is asked for, and the path
// and the query that conditions see. ok is false where the request is refused
// with 400 (burl.c, burl_normalize).
func (o parseOptions) target(text string) (target, path, query string, ok bool) {
	if _, rest, absolute := strings.Cut(text, "://"); absolute && !strings.HasPrefix(text, "/") {
		if i := strings.IndexAny(rest, "/?"); i >= 0 && rest[i] == '/' {
			text = rest[i:]
		} else {
			text = "/"
		}
	}
	if !strings.HasPrefix(text, "/") {
		return "", "", "", false
	}
	text, _, _ = strings.Cut(text, "#")
	raw, query, asked := strings.Cut(text, "?")
	if o.normalize {
		var fine bool
		if raw, fine = o.escapes(raw, false); !fine {
			return "", "", "", false
		}
		if query, fine = o.escapes(query, true); !fine {
			return "", "", "", false
		}
		if strings.Contains(raw, "%2F") {
			if o.refuseSlash {
				return "", "", "", false
			}
			if o.decodeSlash {
				raw = strings.ReplaceAll(raw, "%2F", "/")
			}
		}
		if clean := simplify(raw); clean != raw {
			if o.refuseDots {
				return "", "", "", false
			}
			if o.simplify {
				raw = clean
			}
		}
	}
	target = raw
	if asked {
		target += "?" + query
	}
	return target, simplify(decodePath(raw)), query, true
}

// needsEscape are the characters that cannot stand in a target as they are.
func needsEscape(c byte) bool {
	return c <= ' ' || c >= 0x7f || strings.IndexByte("\"#%<>[\\]^`{|}", c) >= 0
}

func unreserved(c byte) bool {
	return isLetter(c) || isDigit(c) || strings.IndexByte("-._~", c) >= 0
}

// escapes brings the escapes of a path or a query into one form.
func (o parseOptions) escapes(text string, query bool) (string, bool) {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	valid := true
	for i := 0; i < len(text); i++ {
		c := text[i]
		escaped := c == '%' && i+2 < len(text) && hexValue(text[i+1]) >= 0 && hexValue(text[i+2]) >= 0
		if escaped {
			c = byte(hexValue(text[i+1])<<4 | hexValue(text[i+2]))
			i += 2
			plain := unreserved(c)
			if o.required {
				keep := "/?"
				if query {
					keep = "&=;+"
				}
				plain = !needsEscape(c) && strings.IndexByte(keep, c) < 0
			}
			if plain {
				b.WriteByte(c)
				continue
			}
		} else if !needsEscape(c) {
			b.WriteByte(c)
			continue
		}
		if o.noControls && (c < ' ' || c == 0x7f) {
			return "", false
		}
		valid = valid && (c < 0xf5 && c != 0xc0 && c != 0xc1 || o.anyUTF8)
		b.WriteByte('%')
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String(), valid
}

func hexValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// decodePath decodes %XX; a % that begins no escape stands for itself, and an
// escaped control character becomes "_" (buffer_urldecode_path).
func decodePath(text string) string {
	if strings.IndexByte(text, '%') < 0 {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		if c == '%' && i+2 < len(text) && hexValue(text[i+1]) >= 0 && hexValue(text[i+2]) >= 0 {
			c = byte(hexValue(text[i+1])<<4 | hexValue(text[i+2]))
			i += 2
			if c < ' ' || c == 0x7f {
				c = '_'
			}
		}
		b.WriteByte(c)
	}
	return b.String()
}

// simplify takes "." and ".." out of a path and makes one slash of several
// (buffer_path_simplify). It does not go above the root.
func simplify(path string) string {
	if path == "" {
		return ""
	}
	absolute := strings.HasPrefix(path, "/")
	parts := strings.Split(path, "/")
	var out []string
	for i, p := range parts {
		last := i == len(parts)-1
		switch p {
		case "", ".":
			if last && len(out) > 0 || last && absolute {
				out = append(out, "")
			}
		case "..":
			if len(out) > 0 {
				out = out[:len(out)-1]
			}
			if last {
				out = append(out, "")
			}
		default:
			out = append(out, p)
		}
	}
	if absolute {
		return "/" + strings.Join(out, "/")
	}
	return strings.Join(out, "/")
}

func validUTF8(text string) bool { return utf8.ValidString(text) }
