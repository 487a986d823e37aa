package caddy

import (
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// anyMatch says that one of the matcher sets holds, or that there is none. why
// is not empty where that cannot be told.
func (s *state) anyMatch(sets []MatcherSet) (matches bool, why string) {
	if len(sets) == 0 {
		return true, ""
	}
	unknown := ""
	for _, set := range sets {
		ok, why := s.allMatch(set)
		if ok {
			return true, ""
		}
		if why != "" {
			unknown = why
		}
	}
	return false, unknown
}

// allMatch says that all matchers of a set hold. One that does not decides,
// whatever is not known of the others.
func (s *state) allMatch(set MatcherSet) (matches bool, why string) {
	unknown := ""
	for _, m := range set {
		ok, why := s.match(m)
		switch {
		case s.out.Outcome != "":
			return false, ""
		case why != "":
			unknown = why
		case !ok:
			return false, ""
		}
	}
	return unknown == "", unknown
}

func (s *state) match(m *Matcher) (matches bool, why string) {
	if why := whyUnset(append(m.Values, m.Pattern)...); why != "" && m.Name != "path" && m.Name != "host" {
		return false, why
	}
	switch m.Name {
	case "path":
		return s.matchPath(m.Values)
	case "path_regexp":
		return s.matchRegexp(m, cleanPath(s.url.Path, true))
	case "host":
		return s.matchHost(m.Values)
	case "method":
		return slices.Contains(m.Values, s.method), ""
	case "protocol":
		scheme := s.req.Scheme
		if scheme == "" {
			scheme = "http"
		}
		return len(m.Values) > 0 && m.Values[0] == scheme, ""
	case "header":
		return s.fields(m.Fields, s.header)
	case "header_regexp":
		if len(m.Values) == 0 {
			return false, ""
		}
		values := s.header.Values(m.Values[0])
		if strings.EqualFold(m.Values[0], "Host") {
			values = []string{s.req.Host} // matchers.go, getHeaderFieldVals
		}
		for _, v := range values {
			if ok, why := s.matchRegexp(m, v); ok || why != "" {
				return ok, why
			}
		}
		return false, ""
	case "query":
		return s.matchQuery(m.Fields)
	case "remote_ip", "client_ip":
		return s.matchClient(m)
	case "not":
		ok, why := s.anyMatch(m.Not)
		if len(m.Not) == 0 {
			return true, ""
		}
		return !ok && why == "", why
	case "vars":
		return s.matchVars(m.Fields)
	case "vars_regexp":
		v := s.variableOrPlaceholder(m.Values[0])
		if v.why != "" {
			return false, v.why
		}
		return s.matchRegexp(m, v.text)
	case "file":
		return s.matchFile(m)
	case "error_status":
		return slices.ContainsFunc(m.Values, func(v string) bool {
			return v == strconv.Itoa(s.status) || v == strconv.Itoa(s.status/100)+"xx"
		}), ""
	case "expression":
		return s.expression(m)
	case "tls":
		return s.req.Scheme == "https", ""
	}
	return false, "the matcher " + m.Name + " depends on more than the configuration"
}

// statusIs matches the expressions that are common in handle_errors.
var statusIs = regexp.MustCompile(`^\s*\{http\.error\.status_code\}\s*(==|!=|>=|<=|>|<)\s*(\d{3})\s*$`)

// expression decides the plainest expressions; all others stay open.
func (s *state) expression(m *Matcher) (matches bool, why string) {
	if got := statusIs.FindStringSubmatch(m.Values[0]); got != nil && s.status != 0 {
		n, _ := strconv.Atoi(got[2]) // three digits
		switch got[1] {
		case "==":
			return s.status == n, ""
		case "!=":
			return s.status != n, ""
		case ">=":
			return s.status >= n, ""
		case "<=":
			return s.status <= n, ""
		case ">":
			return s.status > n, ""
		}
		return s.status < n, ""
	}
	return false, "the expression " + m.Values[0] + " is not evaluated here"
}

// matchPath compares the path with patterns, in lower case and cleaned
// (caddyhttp, MatchPath).
func (s *state) matchPath(patterns []string) (matches bool, why string) {
	for _, pattern := range patterns {
		v := s.expand(pattern)
		if v.why != "" {
			return false, v.why
		}
		pattern = strings.ToLower(v.text)
		merge := !strings.Contains(pattern, "//")
		p := cleanPath(strings.ToLower(s.url.Path), merge)
		if strings.Contains(pattern, "%") {
			p = cleanPath(strings.ToLower(s.url.EscapedPath()), merge)
		}
		if pathMatches(pattern, p) {
			return true, ""
		}
	}
	return false, ""
}

func pathMatches(pattern, p string) bool {
	stars := strings.Count(pattern, "*")
	switch {
	case pattern == "*":
		return true
	case stars == 2 && strings.HasPrefix(pattern, "*") && strings.HasSuffix(pattern, "*"):
		return strings.Contains(p, pattern[1:len(pattern)-1])
	case stars == 1 && strings.HasPrefix(pattern, "*"):
		return strings.HasSuffix(p, pattern[1:])
	case stars == 1 && strings.HasSuffix(pattern, "*"):
		return strings.HasPrefix(p, pattern[:len(pattern)-1])
	}
	ok, err := path.Match(pattern, p)
	return err == nil && ok
}

// cleanPath resolves dots and, where merge is set, doubled slashes; a slash at
// the end stays.
func cleanPath(p string, merge bool) string {
	if !merge {
		const mark = "/\x00"
		for strings.Contains(p, "//") {
			p = strings.Replace(p, "//", mark+"/", 1)
		}
	}
	cleaned := path.Clean(p)
	if strings.HasSuffix(p, "/") && cleaned != "/" {
		cleaned += "/"
	}
	return strings.ReplaceAll(cleaned, "\x00", "")
}

func (s *state) matchHost(hosts []string) (matches bool, why string) {
	host := strings.ToLower(hostOf(s.req.Host))
	for _, h := range hosts {
		v := s.expand(h)
		if v.why != "" {
			return false, v.why
		}
		if hostMatches(strings.ToLower(v.text), host) {
			return true, ""
		}
	}
	return false, ""
}

// hostMatches compares names label by label; a label may be a *.
func hostMatches(pattern, host string) bool {
	if !strings.Contains(pattern, "*") {
		return pattern == host
	}
	want, got := strings.Split(pattern, "."), strings.Split(host, ".")
	if len(want) != len(got) {
		return false
	}
	for i := range want {
		if want[i] != "*" && want[i] != got[i] {
			return false
		}
	}
	return true
}

// fields compares header fields with what is asked of them.
func (s *state) fields(want []Field, header http.Header) (matches bool, why string) {
	for _, f := range want {
		if why := whyUnset(f.Name); why != "" {
			return false, why
		}
		var values []string
		for name, list := range header {
			if strings.EqualFold(name, f.Name) {
				values = append(values, list...)
			}
		}
		if strings.EqualFold(f.Name, "Host") && s.resp == nil {
			values = []string{s.req.Host}
		}
		if len(f.Values) == 0 {
			if len(values) > 0 {
				return false, ""
			}
			continue
		}
		found := false
		for _, pattern := range f.Values {
			v := s.expand(pattern)
			if v.why != "" {
				return false, v.why
			}
			found = found || slices.ContainsFunc(values, func(value string) bool { return fieldMatches(v.text, value) })
		}
		if !found {
			return false, ""
		}
	}
	return true, ""
}

func fieldMatches(pattern, value string) bool {
	switch {
	case pattern == "*":
		return true
	case strings.HasPrefix(pattern, "*") && strings.HasSuffix(pattern, "*"):
		return strings.Contains(value, pattern[1:len(pattern)-1])
	case strings.HasPrefix(pattern, "*"):
		return strings.HasSuffix(value, pattern[1:])
	case strings.HasSuffix(pattern, "*"):
		return strings.HasPrefix(value, pattern[:len(pattern)-1])
	}
	return pattern == value
}

func (s *state) matchQuery(want []Field) (matches bool, why string) {
	query, err := url.ParseQuery(s.url.RawQuery)
	if err != nil {
		return false, ""
	}
	for _, f := range want {
		if !slices.ContainsFunc(f.Values, func(v string) bool {
			return slices.Contains(query[f.Name], v) || v == "*" && query.Has(f.Name)
		}) {
			return false, ""
		}
	}
	return true, ""
}

func (s *state) matchClient(m *Matcher) (matches bool, why string) {
	if !s.req.Client.IsValid() {
		return false, "the address of the client is not known here"
	}
	s.out.byClient = true
	for _, r := range m.Values {
		if p, err := netip.ParsePrefix(r); err == nil && p.Masked().Contains(s.req.Client) {
			return true, ""
		}
		if a, err := netip.ParseAddr(r); err == nil && a == s.req.Client {
			return true, ""
		}
	}
	return false, ""
}

// matchRegexp compares a text with an expression, and keeps what it captures.
func (s *state) matchRegexp(m *Matcher, text string) (matches bool, why string) {
	v := s.expand(m.Pattern)
	if v.why != "" {
		return false, v.why
	}
	re, err := regexp.Compile(v.text)
	if err != nil {
		return false, "the expression " + m.Pattern + " is not one"
	}
	got := re.FindStringSubmatch(text)
	if got == nil {
		return false, ""
	}
	for i, name := range re.SubexpNames() {
		for _, key := range []string{strconv.Itoa(i), name} {
			if key == "" {
				continue
			}
			s.captures["http.regexp."+key] = got[i]
			if m.Group != "" {
				s.captures["http.regexp."+m.Group+"."+key] = got[i]
			}
		}
	}
	return true, ""
}

func (s *state) matchVars(want []Field) (matches bool, why string) {
	for _, f := range want {
		v := s.variableOrPlaceholder(f.Name)
		if v.why != "" {
			return false, v.why
		}
		if !slices.ContainsFunc(f.Values, func(w string) bool { return s.expand(w).text == v.text }) {
			return false, ""
		}
	}
	return true, ""
}

func (s *state) variableOrPlaceholder(name string) value {
	if strings.HasPrefix(name, "{") {
		return s.expand(name)
	}
	return s.vars[name].value
}

// fileMatch is what the matcher file has found.
type fileMatch struct {
	relative, absolute string
	folder             bool
}

// matchFile looks for the first file that is there.
func (s *state) matchFile(m *Matcher) (matches bool, why string) {
	root, why := s.root(m.File.Root)
	if why != "" {
		return false, why
	}
	try := m.File.TryFiles
	if len(try) == 0 {
		try = []string{"{http.request.uri.path}"}
	}
	if p := m.File.TryPolicy; p != "" && p != "first_exist" {
		return false, "which of several files is taken by " + p + " is not known here"
	}
	for _, pattern := range try {
		if status, err := strconv.Atoi(strings.TrimPrefix(pattern, "=")); err == nil && strings.HasPrefix(pattern, "=") {
			s.fail(m.At, status, "no file is there")
			return false, ""
		}
		v := s.expand(pattern)
		if v.why != "" {
			return false, v.why
		}
		full := joinPath(root, v.text)
		wantFolder := strings.HasSuffix(pattern, "/") // not the value of a placeholder in it
		switch kind := s.look(full); {
		case kind == route.FileUnknown:
			return false, "what is at " + full + " is not known here"
		case kind == route.FileFolder && wantFolder, kind == route.FileRegular && !wantFolder:
			relative := strings.TrimPrefix(full, strings.TrimSuffix(root, "/"))
			if !strings.HasPrefix(relative, "/") {
				relative = "/" + relative
			}
			if wantFolder {
				relative += "/"
			}
			s.file = &fileMatch{relative: relative, absolute: full, folder: wantFolder}
			return true, ""
		}
	}
	return false, ""
}

func (s *state) look(path string) route.FileKind {
	if s.r.opts.Files == nil {
		return route.FileUnknown
	}
	return s.r.opts.Files(path)
}

// joinPath puts a path below a folder (caddyhttp.SanitizedPathJoin).
func joinPath(root, p string) string {
	if root == "" {
		root = "."
	}
	return path.Join(root, path.Clean("/"+p))
}
