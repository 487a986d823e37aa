package nginx

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf/pcre"
)

// value is a text, or why it is not known.
type value struct {
	text string
	why  string
}

// part is a piece of a text with variables.
type part struct {
	text     string
	variable bool // text is a name, or the digit of a capture
}

// isCapture says that the part is $1 … $9.
func (p part) isCapture() bool {
	return p.variable && len(p.text) == 1 && p.text[0] >= '1' && p.text[0] <= '9'
}

// cutVariables cuts a text into what is literal and variables: $name, ${name},
// $1 (ngx_http_script_compile).
func cutVariables(text string) []part {
	var parts []part
	for {
		i := strings.IndexByte(text, '$')
		if i < 0 || i+1 >= len(text) {
			break
		}
		name, rest := text[i+1:], ""
		switch {
		case name[0] >= '1' && name[0] <= '9':
			name, rest = name[:1], name[1:]
		case name[0] == '{':
			end := strings.IndexByte(name, '}')
			if end < 0 {
				return append(parts, part{text: text})
			}
			name, rest = name[1:end], name[end+1:]
		default:
			end := strings.IndexFunc(name, func(r rune) bool { return !isWord(r) })
			if end < 0 {
				end = len(name)
			}
			name, rest = name[:end], name[end:]
		}
		if i > 0 {
			parts = append(parts, part{text: text[:i]})
		}
		parts = append(parts, part{text: name, variable: true})
		text = rest
	}
	if text != "" {
		parts = append(parts, part{text: text})
	}
	return parts
}

func isWord(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// expand replaces the variables of a text. With escaped, as within the rewrite
// module, captures are escaped as arguments where the request line had %XX or
// "+" (ngx_http_script_copy_capture_code).
//
// nginx goes through a text twice, for its length and for its bytes. A map
// that is evaluated meanwhile may leave captures of its own behind: the second
// time those are used, and where they are longer or shorter the text does not
// fit. Some builds of Debian's 1.22.1 then answer 500, others send bytes that
// do not belong to the text.
func (s *state) expand(text string, escaped bool) value {
	if strings.IndexByte(text, '$') < 0 {
		return value{text: text}
	}
	parts := cutVariables(text)
	captures := func() (n int) {
		for _, p := range parts {
			if p.isCapture() {
				n += len(s.captured(p, escaped))
			}
		}
		return n
	}
	before := 0
	for _, p := range parts {
		switch {
		case p.isCapture():
			before += len(s.captured(p, escaped))
		case p.variable:
			if v := s.variable(p.text); v.why != "" {
				return v
			}
		}
	}
	if captures() != before {
		return value{why: "a map in " + strconv.Quote(text) + " changes the captures while it is put together, and what comes of it depends on nginx's patches"}
	}
	var b strings.Builder
	for _, p := range parts {
		switch {
		case !p.variable:
			b.WriteString(p.text)
		case p.isCapture():
			b.WriteString(s.captured(p, escaped))
		default:
			b.WriteString(s.variable(p.text).text)
		}
	}
	return value{text: b.String()}
}

// captured is the text of a capture, "" where there is none.
func (s *state) captured(p part, escaped bool) string {
	n := int(p.text[0] - '0')
	if n >= len(s.captures) {
		return ""
	}
	if escaped && (s.quoted || s.plus) {
		return escape(s.captures[n], escapedInArgs)
	}
	return s.captures[n]
}

// capture keeps what a pattern captured, its named groups as variables.
func (s *state) capture(p *pcre.Pattern, captures []string) {
	s.captures = captures
	for i, name := range p.Names() {
		if name != "" && i < len(captures) {
			s.vars[name] = value{text: captures[i]}
		}
	}
}

func unknown(name, because string) value { return value{why: "$" + name + " " + because} }

// variable returns the value of a variable by its name. A map is evaluated
// when it is first asked for, and then kept, also over internal redirects.
func (s *state) variable(name string) value {
	if v, ok := s.builtin(name); ok {
		return v
	}
	if v, ok := s.vars[name]; ok {
		return v
	}
	if m := s.r.names.maps[name]; m != nil {
		v := s.mapped(name, m)
		if !m.volatile {
			s.vars[name] = v
		}
		return v
	}
	if d := s.r.names.clients[name]; d != nil {
		if d.Name == "geo" {
			return s.located(name, d)
		}
		return s.split(name, d)
	}
	if d := s.r.names.outside[name]; d != nil {
		return unknown(name, "is set by "+d.Name)
	}
	if s.r.names.set[name] {
		return value{}
	}
	if v, ok := s.field(name); ok {
		return v
	}
	return unknown(name, "is not known from the configuration")
}

// builtin are the variables of nginx's core that cannot be set or that change
// with the request.
func (s *state) builtin(name string) (value, bool) {
	known := func(text string) (value, bool) { return value{text: text}, true }
	switch name {
	case "uri", "document_uri":
		return known(s.uri)
	case "args", "query_string":
		return known(s.args)
	case "is_args":
		if s.args == "" {
			return known("")
		}
		return known("?")
	case "request_uri":
		return known(s.unparsed)
	case "request_method":
		return known(s.req.Method)
	case "scheme":
		if s.group != nil && s.group.listen.ssl {
			return known("https")
		}
		return known(s.req.Scheme)
	case "https":
		if s.req.Scheme == "https" {
			return known("on")
		}
		return known("")
	case "host":
		if s.host == "" && s.srv != nil {
			return known(serverName(s.srv.dir))
		}
		return known(s.host)
	case "http_host":
		return known(s.req.Host)
	case "server_name":
		return known(serverName(s.srv.dir))
	case "server_port":
		return known(s.group.listen.port)
	case "remote_addr":
		if s.req.Client.IsValid() {
			return known(s.req.Client.String())
		}
		return unknown(name, "is the client's address"), true
	case "proxy_add_x_forwarded_for":
		v := s.variable("remote_addr")
		if before := s.req.Header.Get("X-Forwarded-For"); before != "" {
			v.text = before + ", " + v.text
		}
		return v, true
	case "document_root":
		return s.documentRoot(), true
	case "request_filename":
		path, _, why := s.path()
		return value{text: path, why: why}, true
	case "fastcgi_script_name":
		if strings.HasSuffix(s.uri, "/") {
			return known(s.uri + setting(s.level, "fastcgi_index", ""))
		}
		return known(s.uri)
	case "proxy_host", "proxy_port":
		return s.proxyName(name), true
	}
	return value{}, false
}

// field are the families of variables: $http_…, $cookie_…, $arg_…,
// $upstream_http_….
func (s *state) field(name string) (value, bool) {
	if n, ok := strings.CutPrefix(name, "upstream_http_"); ok {
		return s.header(s.upstream, n, name)
	}
	if n, ok := strings.CutPrefix(name, "http_"); ok {
		return s.header(s.req.Header, n, name)
	}
	if n, ok := strings.CutPrefix(name, "cookie_"); ok {
		r := http.Request{Header: s.req.Header}
		if c, err := r.Cookie(n); err == nil {
			return value{text: c.Value}, true
		}
		return value{}, true
	}
	if n, ok := strings.CutPrefix(name, "arg_"); ok {
		for pair := range strings.SplitSeq(s.args, "&") {
			if k, v, ok := strings.Cut(pair, "="); ok && strings.EqualFold(k, n) {
				return value{text: v}, true
			}
		}
		return value{}, true
	}
	switch name {
	case "content_type":
		return value{text: s.req.Header.Get("Content-Type")}, true
	case "content_length", "request_body", "remote_user", "fastcgi_path_info":
		if name == "content_length" {
			return value{text: s.req.Header.Get("Content-Length")}, true
		}
	}
	return value{}, false
}

// header returns the field whose name, in lower case and with "_" for "-", is n.
func (s *state) header(h http.Header, n, name string) (value, bool) {
	for k, values := range h {
		if strings.ReplaceAll(strings.ToLower(k), "-", "_") == n && len(values) > 0 {
			return value{text: strings.Join(values, ", ")}, true
		}
	}
	if h == nil && strings.HasPrefix(name, "upstream_") {
		return unknown(name, "is in the upstream's answer"), true
	}
	return value{}, true
}

func (s *state) proxyName(name string) value {
	d := s.handler
	if d == nil || d.Name != "proxy_pass" {
		return value{}
	}
	v := s.expand(d.Arg(0), false)
	u, err := url.Parse(v.text)
	if v.why != "" || err != nil {
		return unknown(name, "is in an address that is not known")
	}
	if name == "proxy_host" {
		return value{text: u.Host}
	}
	if p := u.Port(); p != "" {
		return value{text: p}
	}
	return value{text: map[string]string{"http": "80", "https": "443"}[u.Scheme]}
}
