package apache

import (
	"net/http"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// target reads the request target (ap_parse_uri, ap_normalize_path and
// ap_unescape_url): false where that refuses the request.
func (s *state) target() bool {
	target := s.req.URI
	if _, rest, ok := strings.Cut(target, "://"); ok && !strings.HasPrefix(target, "/") {
		if i := strings.IndexByte(rest, '/'); i >= 0 {
			target = rest[i:]
		} else {
			target = "/"
		}
	}
	s.unparsed, s.args, _ = strings.Cut(target, "?")
	if !strings.HasPrefix(s.unparsed, "/") || strings.Contains(target, "#") {
		s.end(route.Failed, http.StatusBadRequest, "")
		return false
	}
	slashes := s.effectiveLast("AllowEncodedSlashes")
	allow := ""
	if slashes != nil {
		allow = strings.ToLower(slashes.Arg(0))
	}
	var b strings.Builder
	for i := 0; i < len(s.unparsed); i++ {
		c := s.unparsed[i]
		if c == '%' {
			if i+2 >= len(s.unparsed) || hexValue(s.unparsed[i+1]) < 0 || hexValue(s.unparsed[i+2]) < 0 {
				s.end(route.Failed, http.StatusBadRequest, "")
				return false
			}
			c = byte(hexValue(s.unparsed[i+1])<<4 | hexValue(s.unparsed[i+2]))
			if c == 0 || c == '/' && allow != "on" && allow != "nodecode" {
				s.step(route.StepFile, slashes, "the path holds an encoded %q: refused before anything is looked at", string(rune(c)))
				s.end(route.Refused, http.StatusNotFound, "")
				return false
			}
			if c == '/' && allow == "nodecode" {
				b.WriteString(s.unparsed[i : i+3])
				i += 2
				continue
			}
			i += 2
		}
		b.WriteByte(c)
	}
	merge := s.serverLast("MergeSlashes")
	path, ok := normalize(b.String(), merge == nil || !strings.EqualFold(merge.Arg(0), "off"))
	if !ok {
		s.end(route.Failed, http.StatusBadRequest, "")
		return false
	}
	s.uri = path
	return true
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

// normalize removes "." and ".." and, if asked to, doubled slashes. ok is
// false where the path goes above its root.
func normalize(path string, merge bool) (result string, ok bool) {
	var parts []string
	segments := strings.Split(path[1:], "/")
	for i, p := range segments {
		last := i == len(segments)-1
		switch {
		case p == "" && merge && !last:
		case p == ".":
			if last {
				parts = append(parts, "")
			}
		case p == "..":
			if len(parts) == 0 {
				return "", false
			}
			parts = parts[:len(parts)-1]
			if last {
				parts = append(parts, "")
			}
		default:
			parts = append(parts, p)
		}
	}
	return "/" + strings.Join(parts, "/"), true
}

// aliasMatch returns how many bytes of a URI a path takes, 0 for none: any
// number of slashes matches any number, and a path that does not end with one
// must end where a part of the URI does (alias_match in mod_alias and
// mod_proxy).
func aliasMatch(uri, path string) int {
	u, p := 0, 0
	for p < len(path) && u < len(uri) {
		if path[p] == '/' {
			if uri[u] != '/' {
				return 0
			}
			for p < len(path) && path[p] == '/' {
				p++
			}
			for u < len(uri) && uri[u] == '/' {
				u++
			}
		} else if uri[u] != path[p] {
			return 0
		} else {
			u++
			p++
		}
	}
	if p == 0 || p < len(path) {
		return 0
	}
	if path[p-1] != '/' && u < len(uri) && uri[u] != '/' {
		return 0
	}
	return u
}

// proxyEscape escapes a path for an upstream (ap_proxy_canonenc with enc_path).
func proxyEscape(path string) string {
	return escapeWith(path, "/~$-_.+!*'(),:@&=;", "0123456789ABCDEF")
}

// urlEscape escapes a path for a redirect (ap_os_escape_path).
func urlEscape(path string) string { return escapeBut(path, "/~$-_.+!*'(),:@&=;") }

func escapeBut(path, plain string) string { return escapeWith(path, plain, "0123456789abcdef") }

func escapeWith(path, plain, digits string) string {
	var b strings.Builder
	for i := range len(path) {
		c := path[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(plain, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.WriteByte('%')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		}
	}
	return b.String()
}

func withArgs(uri, args string) string {
	if args == "" {
		return uri
	}
	return uri + "?" + args
}
