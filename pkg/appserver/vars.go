package appserver

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/cgi"
	"net/url"
	"strconv"
	"strings"
)

// vars are what a proxy says of a request in the terms of CGI (RFC 3875, section
// 4.1): REQUEST_METHOD, HTTP_HOST and so on.
type vars map[string]string

type varsKey struct{}

// Vars returns the variables that a request came with, such as SCRIPT_FILENAME; nil
// for a request by HTTP. The caller must not change them.
func Vars(r *http.Request) map[string]string {
	v, _ := r.Context().Value(varsKey{}).(vars)
	return v
}

// add notes a variable. One that comes again replaces the first, as in the
// servers of applications; but fields of the client's request that come more
// than once are joined (RFC 3875, section 4.1.18), and a length that is told is
// not taken back.
func (v vars) add(name, value string) {
	old, again := v[name]
	switch {
	case again && name == "CONTENT_LENGTH" && value == "":
	case again && name == "HTTP_COOKIE":
		v[name] = old + "; " + value // RFC 6265, section 5.4
	case again && strings.HasPrefix(name, "HTTP_") && name != "HTTP_HOST":
		v[name] = old + ", " + value
	default:
		v[name] = value
	}
}

// length is how long the body is said to be; 0 where nothing is said.
func (v vars) length() (int64, error) {
	text := v["CONTENT_LENGTH"]
	if text == "" {
		text = v["HTTP_CONTENT_LENGTH"]
	}
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0, fmt.Errorf("CONTENT_LENGTH is %.40q", text)
	}
	return n, nil
}

// request makes of the variables the request that the handler would see over HTTP,
// without its body. cgi.RequestFromMap does the greater part; here is what it
// refuses or loses: variables that a proxy was not told to send, and the target as
// the client wrote it.
func (v vars) request(remote net.Addr) (*http.Request, error) {
	length, err := v.length()
	if err != nil {
		return nil, err
	}
	uri := v.target()
	u, err := url.ParseRequestURI(uri)
	if err != nil {
		return nil, errors.New("the target of the request is none")
	}
	m := maps.Clone(v)
	if m["REQUEST_METHOD"] == "" {
		m["REQUEST_METHOD"] = http.MethodGet
		if length > 0 {
			m["REQUEST_METHOD"] = http.MethodPost
		}
	}
	if _, _, ok := http.ParseHTTPVersion(m["SERVER_PROTOCOL"]); !ok {
		m["SERVER_PROTOCOL"] = "HTTP/1.1"
	}
	if m["CONTENT_TYPE"] == "" {
		m["CONTENT_TYPE"] = m["HTTP_CONTENT_TYPE"]
	}
	m["REQUEST_URI"], m["CONTENT_LENGTH"] = "/", strconv.FormatInt(length, 10)
	for _, name := range []string{"HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"} {
		delete(m, name)
	}
	delete(m, "HTTP_HOST") // or it would be read as part of a URL
	r, err := cgi.RequestFromMap(m)
	if err != nil {
		return nil, err
	}
	r.Header.Del("Host")
	r.Header.Del("Transfer-Encoding")
	r.URL, r.RequestURI, r.Host, r.Close = u, uri, v.host(), false
	if u.Host != "" { // the target is a whole URL
		r.Host = u.Host
	}
	if length > 0 {
		r.Header.Set("Content-Length", m["CONTENT_LENGTH"])
	}
	if v["REMOTE_ADDR"] == "" {
		r.RemoteAddr = remote.String()
	}
	return r, nil
}

// host is what the client's Host field said, or else the server's name.
func (v vars) host() string {
	if host := v["HTTP_HOST"]; host != "" || v["SERVER_NAME"] == "" {
		return host
	}
	if port := v["SERVER_PORT"]; port != "" && port != "80" && port != "443" {
		return net.JoinHostPort(v["SERVER_NAME"], port)
	}
	return v["SERVER_NAME"]
}

// target is the target of the request as the client wrote it, or what can be made
// of the unescaped path and the query where the proxy does not tell REQUEST_URI.
// (It is no part of CGI, but every server has it.)
func (v vars) target() string {
	if uri := v["REQUEST_URI"]; uri != "" {
		return uri
	}
	path := v.path()
	if !strings.HasPrefix(path, "/") {
		path = "/" + path
	}
	target := (&url.URL{Path: path}).EscapedPath()
	if query := v["QUERY_STRING"]; query != "" {
		target += "?" + query
	}
	return target
}

// path is the unescaped path of the request by the variables that tell some of it.
func (v vars) path() string {
	script, info := v["SCRIPT_NAME"], v["PATH_INFO"]
	switch {
	case script == info: // some configurations say the whole path in both
		if script != "" {
			return script
		}
	default:
		return script + info
	}
	if uri := v["DOCUMENT_URI"]; uri != "" {
		return uri
	}
	root := strings.TrimSuffix(v["DOCUMENT_ROOT"], "/")
	if rest, ok := strings.CutPrefix(v["SCRIPT_FILENAME"], root+"/"); ok && root != "" {
		return "/" + rest
	}
	return "/"
}
