package caddy

import (
	"net"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
)

// expand puts values into the place of placeholders. One that nothing knows is
// empty, as in Caddy; why says which one cannot be told here.
func (s *state) expand(text string) value {
	if !strings.Contains(text, "{") {
		return value{text: strings.ReplaceAll(text, `\}`, "}")}
	}
	var b strings.Builder
	out := value{}
	for {
		begin := strings.IndexByte(text, '{')
		if begin < 0 {
			break
		}
		if begin > 0 && text[begin-1] == '\\' {
			b.WriteString(text[:begin-1] + "{")
			text = text[begin+1:]
			continue
		}
		end := closing(text[begin:])
		if end < 0 {
			break
		}
		b.WriteString(text[:begin])
		key := text[begin+1 : begin+end]
		v, why := s.placeholder(key)
		if why != "" && out.why == "" {
			out.why = why
		}
		b.WriteString(v)
		text = text[begin+end+1:]
	}
	out.text = b.String() + text
	return out
}

// closing is where the brace that a text begins with is closed.
func closing(text string) int {
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// placeholder is the value of one placeholder.
func (s *state) placeholder(key string) (text, why string) {
	if why := whyUnset("{" + key); why != "" {
		return "", why
	}
	if rest, ok := strings.CutPrefix(key, "http.request."); ok {
		return s.requestPlaceholder(rest)
	}
	if rest, ok := strings.CutPrefix(key, "http.vars."); ok {
		return s.vars[rest].text, s.vars[rest].why
	}
	for _, by := range []string{"reverse_proxy", "intercept"} {
		if name, ok := strings.CutPrefix(key, "http."+by+".header."); ok {
			if s.resp == nil || s.handling != by {
				return "", ""
			}
			return strings.Join(s.resp.Header[name], ","), "" // by its canonical name alone
		}
	}
	if name, ok := strings.CutPrefix(key, "http.response.header."); ok {
		return fieldOf(s.written, name, ","), ""
	}
	if strings.HasPrefix(key, "http.regexp.") {
		return s.captures[key], ""
	}
	switch key {
	case "http.reverse_proxy.status_code", "http.intercept.status_code":
		if s.resp != nil {
			return strconv.Itoa(s.resp.Status), ""
		}
		return "", ""
	case "http.reverse_proxy.status_text":
		if s.resp != nil {
			return strconv.Itoa(s.resp.Status) + " " + http.StatusText(s.resp.Status), ""
		}
		return "", ""
	case "http.error.status_code":
		if s.status != 0 {
			return strconv.Itoa(s.status), ""
		}
		return "", ""
	case "http.error.status_text":
		return http.StatusText(s.status), ""
	case "http.matchers.file.relative", "http.matchers.file.absolute", "http.matchers.file.type", "http.matchers.file.remainder":
		return s.fileMatched(key[strings.LastIndexByte(key, '.')+1:]), ""
	}
	if text, why, ok := s.mapped(key); ok {
		return text, why
	}
	return "", "the value of {" + key + "} is not known here"
}

func (s *state) fileMatched(what string) string {
	switch {
	case s.file == nil:
		return ""
	case what == "relative":
		return s.file.relative
	case what == "absolute":
		return s.file.absolute
	case what == "type" && s.file.folder:
		return "directory"
	case what == "type":
		return "file"
	}
	return ""
}

// fieldOf joins the values of a field, in any case of letters.
func fieldOf(h http.Header, name, by string) string {
	var values []string
	for n, list := range h {
		if strings.EqualFold(n, name) {
			values = append(values, list...)
		}
	}
	return strings.Join(values, by)
}

// requestPlaceholder is a placeholder about the request.
func (s *state) requestPlaceholder(key string) (text, why string) {
	if rest, ok := strings.CutPrefix(key, "orig_uri"); ok {
		return uriPlaceholder(s.orig, rest)
	}
	if rest, ok := strings.CutPrefix(key, "uri"); ok {
		return uriPlaceholder(s.url, rest)
	}
	if name, ok := strings.CutPrefix(key, "header."); ok {
		return fieldOf(s.header, name, ","), ""
	}
	if name, ok := strings.CutPrefix(key, "cookie."); ok {
		r := http.Request{Header: s.header}
		if c, err := r.Cookie(name); err == nil {
			return c.Value, ""
		}
		return "", ""
	}
	if i, ok := strings.CutPrefix(key, "host.labels."); ok {
		labels := strings.Split(hostOf(s.req.Host), ".")
		if n, err := strconv.Atoi(i); err == nil && n < len(labels) {
			return labels[len(labels)-1-n], ""
		}
		return "", ""
	}
	switch key {
	case "host":
		return hostOf(s.req.Host), ""
	case "hostport":
		return s.req.Host, ""
	case "port":
		if _, port, err := net.SplitHostPort(s.req.Host); err == nil {
			return port, ""
		}
		return "", ""
	case "method":
		return s.method, ""
	case "orig_method":
		if s.req.Method == "" {
			return http.MethodGet, ""
		}
		return s.req.Method, ""
	case "scheme":
		if s.req.Scheme == "" {
			return "http", ""
		}
		return s.req.Scheme, ""
	case "proto":
		return "HTTP/1.1", ""
	case "remote.host":
		if s.req.Client.IsValid() {
			return s.req.Client.String(), ""
		}
	}
	return "", "the value of {http.request." + key + "} is not known here"
}

// uriPlaceholder is a placeholder about a URI; key is what follows uri.
func uriPlaceholder(u url.URL, key string) (text, why string) {
	switch key {
	case "":
		return u.RequestURI(), ""
	case ".path":
		return u.Path, ""
	case ".path.file":
		_, file := path.Split(u.Path)
		return file, ""
	case ".path.dir":
		dir, _ := path.Split(u.Path)
		return dir, ""
	case ".path.file.base":
		return strings.TrimSuffix(path.Base(u.Path), path.Ext(u.Path)), ""
	case ".path.file.ext":
		return path.Ext(u.Path), ""
	case ".query":
		return u.RawQuery, ""
	}
	if name, ok := strings.CutPrefix(key, ".query."); ok {
		return strings.Join(u.Query()[name], ","), ""
	}
	if i, ok := strings.CutPrefix(key, ".path."); ok {
		parts := strings.Split(strings.TrimPrefix(u.Path, "/"), "/")
		if n, err := strconv.Atoi(i); err == nil && n >= 0 && n < len(parts) {
			return parts[n], ""
		}
		return "", ""
	}
	return "", "the value of {http.request.uri" + key + "} is not known here"
}
