package mask

import (
	"regexp"
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

func (m *masker) anywhere(t *text) {
	for _, g := range parameter.FindAllSubmatchIndex(t.bytes, -1) {
		if isParameter(string(t.bytes[g[2]:g[3]])) {
			m.veil(t, g[4], g[5], false)
		}
	}
	for _, g := range assigned.FindAllSubmatchIndex(t.bytes, -1) {
		if IsSecret(string(t.bytes[g[2]:g[3]])) {
			from, to, _ := valueOf(g)
			m.veil(t, from, to, true)
		}
	}
	for _, p := range anywhere {
		for _, at := range p.FindAllSubmatchIndex(t.bytes, -1) {
			m.veil(t, at[2], at[3], false)
		}
	}
}

func (m *masker) lines(t *text) {
	inMap, at := false, 0
	for line := range strings.Lines(string(t.bytes)) {
		m.line(t, line, at, inMap)
		if g := credentials.FindStringSubmatch(line); g != nil && has(m.words.Maps, g[1]) {
			inMap = true
		}
		inMap = inMap && !strings.Contains(line, "}")
		at += len(line)
	}
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
