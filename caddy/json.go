package caddy

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// isJSON says that a text is a configuration in JSON: an object, which a
// Caddyfile, whose brace opens global options, is not.
func isJSON(text string) bool {
	rest, ok := strings.CutPrefix(strings.TrimSpace(strings.TrimPrefix(text, "\ufeff")), "{")
	rest = strings.TrimSpace(rest)
	return ok && (strings.HasPrefix(rest, `"`) || rest == "}")
}

// node is a value of JSON and where it stands.
type node struct {
	at      int // the offset of its first byte
	end     int
	text    string // of a string, or as written of any other scalar
	isNull  bool
	list    []*node
	members []member
}

type member struct {
	key string
	at  int // of the key
	*node
}

// get is the member of a name, nil where there is none. It may be asked of nil.
func (n *node) get(path ...string) *node {
	for _, key := range path {
		if n == nil {
			return nil
		}
		var next *node
		for _, m := range n.members {
			if m.key == key {
				next = m.node
			}
		}
		n = next
	}
	return n
}

// string is the text of a scalar, "" for anything else.
func (n *node) string() string {
	if n == nil || n.isNull {
		return ""
	}
	return n.text
}

// strings are the texts of an array.
func (n *node) strings() []string {
	if n == nil {
		return nil
	}
	var out []string
	for _, e := range n.list {
		out = append(out, e.string())
	}
	return out
}

// jsonReader reads JSON and keeps the places.
type jsonReader struct {
	file string
	text *expanded
	dec  *json.Decoder
	data []byte
	next int // where the next token can begin
	top  *conf.Directive
}

var errDepth = errors.New("exceeded max depth")

// read reads one value.
func (r *jsonReader) read(depth int) (*node, error) {
	if depth > maxDepth {
		return nil, errDepth
	}
	at := r.skip()
	tok, err := r.token()
	if err != nil {
		return nil, err
	}
	n := &node{at: at, end: r.next}
	switch t := tok.(type) {
	case json.Delim:
		for r.dec.More() {
			if t == '{' {
				keyAt := r.skip()
				key, err := r.token()
				if err != nil {
					return nil, err
				}
				v, err := r.read(depth + 1)
				if err != nil {
					return nil, err
				}
				n.members = append(n.members, member{key.(string), keyAt, v})
			} else {
				v, err := r.read(depth + 1)
				if err != nil {
					return nil, err
				}
				n.list = append(n.list, v)
			}
		}
		_, err = r.token()
		n.end = r.next
		return n, err
	case string:
		n.text = t
	case nil:
		n.isNull = true
	default:
		n.text = string(bytes.TrimSpace(r.data[at:r.next]))
	}
	return n, nil
}

func (r *jsonReader) token() (json.Token, error) {
	t, err := r.dec.Token()
	r.next = int(r.dec.InputOffset())
	return t, err
}

// skip is where the next token begins.
func (r *jsonReader) skip() int {
	for r.next < len(r.data) && strings.IndexByte(" \t\r\n,:", r.data[r.next]) >= 0 {
		r.next++
	}
	return r.next
}

// readJSON reads a configuration in JSON.
func (c *Config) readJSON(f conf.File) []conf.Problem {
	r := &jsonReader{file: f.Path, text: expandEnv(f.Text, noEnv), data: []byte(f.Text), top: c.Top}
	r.dec = json.NewDecoder(bytes.NewReader(r.data))
	r.dec.UseNumber()
	root, err := r.read(0)
	if err == nil {
		if _, more := r.dec.Token(); more != io.EOF {
			err = fmt.Errorf("something follows the configuration")
			r.next = r.skip()
		}
	}
	if err != nil {
		var syntax *json.SyntaxError
		at := r.next
		if errors.As(err, &syntax) {
			at = int(syntax.Offset) - 1
		}
		return []conf.Problem{{Pos: r.text.pos(f.Path, max(min(at, len(f.Text)), 0)), Kind: conf.Syntax, Message: "not JSON: " + err.Error()}}
	}
	c.named = map[string][]*Route{}
	servers := root.get("apps", "http", "servers")
	if servers == nil {
		return nil
	}
	for _, m := range servers.members {
		s := &Server{Listen: m.get("listen").strings(), TLS: m.get("tls_connection_policies") != nil}
		s.Routes = r.routes(m.get("routes"))
		automatic := m.get("automatic_https")
		off := automatic.get("disable").string() == "true"
		if !off && !onlyPort(s.Listen, "80") {
			s.TLS = s.TLS || hasHosts(s.Routes, automatic.get("skip").strings())
		}
		s.Redirects = s.TLS && !off && automatic.get("disable_redirects").string() != "true"
		s.Errors = r.routes(m.get("errors", "routes"))
		for _, route := range append(append([]*Route{}, s.Routes...), s.Errors...) {
			route.site = len(route.Handlers) == 1 && route.Handlers[0].Name == "subroute" && route.Terminal
		}
		if named := m.get("named_routes"); named != nil {
			for _, n := range named.members {
				c.named[n.key] = []*Route{r.route(n.node)}
			}
		}
		c.Servers = append(c.Servers, s)
	}
	return nil
}

// directive is a place in JSON: from a key on, to the end of its value where
// that is short.
func (r *jsonReader) directive(m member) *conf.Directive {
	end := m.end
	text := string(r.data[m.at:end])
	if m.list != nil || m.members != nil || len(text) > 100 || strings.Contains(text, "\n") {
		end = m.at + len(m.key) + 2
		text = string(r.data[m.at:min(end, len(r.data))])
	}
	d := &conf.Directive{Pos: r.text.pos(r.file, m.at), End: r.text.pos(r.file, max(end-1, m.at)), Name: text, Parent: r.top}
	r.top.Block = append(r.top.Block, d)
	return d
}

// of is the place of a member of an object, or of the object.
func (r *jsonReader) of(n *node, keys ...string) *conf.Directive {
	for _, key := range keys {
		for _, m := range n.members {
			if m.key == key {
				return r.directive(m)
			}
		}
	}
	if len(n.members) > 0 {
		return r.directive(n.members[0])
	}
	d := &conf.Directive{Pos: r.text.pos(r.file, n.at), End: r.text.pos(r.file, n.at), Name: "{", Parent: r.top}
	r.top.Block = append(r.top.Block, d)
	return d
}

// onlyPort says that all addresses have a port.
func onlyPort(listen []string, port string) bool {
	for _, l := range listen {
		if !strings.HasSuffix(l, ":"+port) {
			return false
		}
	}
	return len(listen) > 0
}

// hasHosts says that routes are for hosts for which Caddy would obtain a
// certificate: all that are named and not skipped.
func hasHosts(routes []*Route, skip []string) bool {
	for _, r := range routes {
		for _, set := range r.Match {
			for _, m := range set {
				if m.Name == "host" && slices.ContainsFunc(m.Values, func(h string) bool { return !slices.Contains(skip, h) }) {
					return true
				}
			}
		}
	}
	return false
}
