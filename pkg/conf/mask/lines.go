package mask

import (
	"regexp"
	"slices"
	"strings"
)

// What is searched line by line, whether the language's parser understands the
// lines or not.
const (
	aValue      = `(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|((?:[^\s;{}"'()\\#=+]|\\.|\+[^\s;{}"'()\\#=])(?:[^\s;{}"'()\\]|\\.)*))`
	between     = `(?:[ \t]*\+?=[ \t]*|[ \t]+)`
	fromRequest = `\$(?:http|arg|cookie)_\w*(?:key|token|secret|auth|passw|sig|session|cookie)\w*`
)

var (
	// `redis_password x`, `app.secret = "x"`
	directive = regexp.MustCompile(`^[ \t]*([\w.-]+)` + between + aValue)
	// `set $api_key x`, `RequestHeader set "X-Api-Key" x`
	setting = regexp.MustCompile(`(?i)^[ \t]*([\w.-]+)(?:[ \t]+(?:always|onsuccess|early|set|add|append|merge|setifempty))*[ \t]+["']?([\w.$-]+)["']?[ \t=]+` + aValue)
	// `"X-Api-Key" => "x"`, `"password": "x"`, `"Authorization": ["x"]`
	pair = regexp.MustCompile(`["']([\w.$-]+)["'][ \t]*(?:=>|:)[ \t]*\[?[ \t]*` + aValue)
	// `if ($http_x_token = "x")`
	compared = regexp.MustCompile(`(?i)[ \t(](` + fromRequest + `)[ \t]*!?=[ \t]*` + aValue)
	// the keys of a block that maps credentials: `map $http_x_api_key $who {`
	credentials = regexp.MustCompile(`(?i)^[ \t]*(\w+)[ \t]+["']?` + fromRequest + `["']?[ \t].*\{`)
	mapKey      = regexp.MustCompile(`^[ \t]*(\\?)` + aValue + `[ \t]`)
	mapWords    = map[string]bool{"default": true, "hostnames": true, "volatile": true, "include": true}
)

// anywhere match what is a secret wherever it stands; the group is the secret.
var anywhere = []*regexp.Regexp{
	// a parameter of a directive: ajp://host secret=x
	regexp.MustCompile(`(?i)[ \t](?:secret|password)=([^\s"']+)`),
	regexp.MustCompile(`(?i)\b(?:basic|bearer)[ \t]+([A-Za-z0-9+/=._~-]{8,})`),
	regexp.MustCompile(`://[^\s/:@"';{}]*:([^\s/@"';{}$]+)@`),
	regexp.MustCompile(`\b(eyJ[\w-]{8,}\.[\w-]+\.[\w-]*)`),
	regexp.MustCompile(`(?im)(?:^|[\s;{}])#.*?\b(?:authorization|cookie|[\w-]*(?:password|passwd|secret|token|api[_-]?key)[\w-]*)["']?[ \t:=]+["']?([^\s"';:=]+)`),
}

// `?X-Amz-Signature=x`, `&token=x`
var parameter = regexp.MustCompile(`[?&]([\w.-]+)=([A-Za-z0-9%_.~+/=-]{4,})`)

// `password = "x"`, in whatever language.
var assigned = regexp.MustCompile(`([\w-]+)["'\]]*[ \t]*(?:=|:)[ \t]*(?:"([^"\\\n;{}]*)"|'([^'\\\n;{}]*)')`)

// hints are what a line must have for a secret to be told in it, in lower case:
// the words of names, and what marks credentials. Most lines have none.
var hints = []string{
	"auth", "cookie", "sig", "jwt", "bindpw", "bind-pw", "token", "key", "pass", "pwd", "secret", "credential", "accessid", "session",
	"basic", "bearer", "eyj", "@",
}

func (m *masker) hinted(lower string) bool {
	contained := func(hint string) bool { return strings.Contains(lower, hint) }
	return slices.ContainsFunc(hints, contained) || slices.ContainsFunc(m.words.Secrets, func(name string) bool { return contained(strings.ToLower(name)) })
}

// anywhere masks what is a secret wherever it stands in a line, which begins at
// an offset.
func (m *masker) anywhere(t *text, at, end int) {
	line := t.bytes[at:end]
	for _, g := range parameter.FindAllSubmatchIndex(line, -1) {
		if isParameter(string(line[g[2]:g[3]])) {
			m.veil(t, at+g[4], at+g[5], false)
		}
	}
	for _, g := range assigned.FindAllSubmatchIndex(line, -1) {
		if IsSecret(string(line[g[2]:g[3]])) {
			from, to, _ := valueOf(g)
			m.veil(t, at+from, at+to, true)
		}
	}
	for _, p := range anywhere {
		for _, g := range p.FindAllSubmatchIndex(line, -1) {
			m.veil(t, at+g[2], at+g[3], false)
		}
	}
}

func (m *masker) lines(t *text) {
	inMap, at := false, 0
	original := string(t.bytes)
	lower := asciiLower(original)
	for line := range strings.Lines(original) {
		end := at + len(line)
		hinted := m.hinted(lower[at:end])
		if hinted || inMap {
			m.line(t, line, at, inMap)
		}
		if hinted {
			if g := credentials.FindStringSubmatch(line); g != nil && has(m.words.Maps, g[1]) {
				inMap = true
			}
			m.anywhere(t, at, end)
		}
		inMap = inMap && !strings.Contains(line, "}")
		at = end
	}
}

// asciiLower is a text in lower case, in as many bytes.
func asciiLower(text string) string {
	b := []byte(text)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// line masks one line, which begins at an offset.
func (m *masker) line(t *text, line string, at int, inMap bool) {
	group := func(g []int, i int) string { return line[g[2*i]:g[2*i+1]] }
	veil := func(g []int) {
		from, to, quoted := valueOf(g)
		m.veil(t, at+from, at+to, quoted)
	}
	if g := mapKey.FindStringSubmatchIndex(line); inMap && g != nil {
		if from, to, _ := valueOf(g); !mapWords[line[from:to]] {
			veil(g)
		}
	}
	if g := directive.FindStringSubmatchIndex(line); g != nil {
		name := group(g, 1)
		if has(m.words.Secrets, name) || holdsSecret(name) && !has(m.words.Open, name) && !has(m.words.Settings, name) {
			veil(g)
		}
	}
	if g := setting.FindStringSubmatchIndex(line); g != nil && has(m.words.Settings, group(g, 1)) && (IsSecret(group(g, 2)) || isGuard(group(g, 2))) {
		veil(g)
	}
	for _, g := range pair.FindAllStringSubmatchIndex(line, -1) {
		if IsSecret(group(g, 1)) {
			veil(g)
		}
	}
	for _, g := range compared.FindAllStringSubmatchIndex(line, -1) {
		veil(g)
	}
}

// valueOf is where aValue matched, at the end of a pattern: one of its groups
// did, the last one without quotes.
func valueOf(g []int) (from, to int, quoted bool) {
	last := len(g) - 2
	for g[last] < 0 {
		last -= 2
	}
	return g[last], g[last+1], last < len(g)-2
}
