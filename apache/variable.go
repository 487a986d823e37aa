package apache

import "strings"

// expand puts variables and captures into a text: %{NAME}, $1 of the rule, %1
// of its conditions. known is false where one of them cannot be told.
func (s *state) expand(text string, rule, cond []string) (value string, known bool) {
	var b strings.Builder
	known = true
	for i := 0; i < len(text); i++ {
		c := text[i]
		digit := i+1 < len(text) && text[i+1] >= '0' && text[i+1] <= '9'
		switch {
		case c == '\\' && i+1 < len(text) && rule != nil:
			i++
			b.WriteByte(text[i])
		case c == '%' && strings.HasPrefix(text[i:], "%{"):
			n := strings.IndexByte(text[i:], '}')
			if n < 0 {
				b.WriteByte(c)
				continue
			}
			v, ok := s.variable(text[i+2 : i+n])
			known = known && ok
			b.WriteString(v)
			i += n
		case c == '$' && strings.HasPrefix(text[i:], "${"):
			return "", false // a RewriteMap
		case (c == '$' && rule != nil || c == '%' && cond != nil) && digit:
			from := rule
			if c == '%' {
				from = cond
			}
			if n := int(text[i+1] - '0'); n < len(from) {
				b.WriteString(from[n])
			}
			i++
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), known
}

// variable is the value of %{name}.
func (s *state) variable(name string) (value string, known bool) {
	header := func(field string) (string, bool) {
		if strings.EqualFold(field, "Host") {
			return s.req.Host, true
		}
		return s.req.Header.Get(field), true
	}
	if i := strings.IndexByte(name, ':'); i >= 0 {
		switch strings.ToUpper(name[:i]) {
		case "HTTP", "REQ":
			return header(name[i+1:])
		case "ENV":
			v, ok := s.env.value[name[i+1:]]
			return v, ok
		}
		return "", false
	}
	switch strings.ToUpper(name) {
	case "HTTP_HOST":
		return s.req.Host, true
	case "HTTP_USER_AGENT", "HTTP_REFERER", "HTTP_COOKIE", "HTTP_FORWARDED", "HTTP_ACCEPT":
		return header(strings.ReplaceAll(strings.ToLower(name[len("HTTP_"):]), "_", "-"))
	case "REQUEST_URI":
		return s.uri, true
	case "REQUEST_METHOD":
		return s.req.Method, true
	case "QUERY_STRING":
		return s.args, true
	case "REQUEST_SCHEME":
		return s.req.Scheme, true
	case "HTTPS":
		return map[bool]string{true: "on", false: "off"}[s.req.Scheme == "https"], true
	case "SERVER_PORT":
		return s.port, true
	case "SERVER_NAME":
		return s.host, s.host != ""
	case "REMOTE_ADDR":
		return s.req.Client.String(), s.req.Client.IsValid()
	case "THE_REQUEST":
		return s.req.Method + " " + s.req.URI + " HTTP/1.1", true
	case "DOCUMENT_ROOT":
		if d := s.serverLast("DocumentRoot"); d != nil {
			return d.Arg(0), true
		}
		return s.r.opts.DocumentRoot, true
	case "REQUEST_FILENAME", "SCRIPT_FILENAME":
		if s.filename == "" {
			return s.uri, true
		}
		return s.filename, true
	}
	return "", false
}
