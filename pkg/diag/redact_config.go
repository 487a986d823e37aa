package diag

import (
	"encoding/hex"
	"regexp"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// Configurations are searched for secrets line by line, whatever the server's
// language: what a password, a key or a token is called is the same in all of
// them. The last group that matches is the secret.
const (
	secretWord  = `[\w.-]*(?:passw|passphrase|secret|token|credential|api[_-]?key|access[_-]?key|private[_-]?key|jwt)[\w.-]*`
	aValue      = `(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s;{}"'()]+))`
	sentOrSet   = `(?:\w*set_header|\w*_param|set|setenv|env|define|requestheader)(?:[ \t]+(?:always|early|set|add|append|merge|setifempty))*`
	fromRequest = `\$(?:http|arg|cookie)_\w*(?:key|token|secret|auth|passw|sig|session|cookie)\w*`
)

var (
	// Names of directives: `SessionCryptoPassphrase x`.
	secretDirective = regexp.MustCompile(`(?i)^[ \t]*(` + secretWord + `|secure_link_md5|\w*bindpw)[ \t]+` + aValue)
	// Variables, parameters and fields: `set $api_key x`, `fastcgi_param DB_PASSWORD x`.
	secretSetting = regexp.MustCompile(`(?i)^[ \t]*` + sentOrSet + `[ \t]+["']?\$?(` + secretWord + `|(?:proxy-)?authorization|cookie)["']?[ \t=]+` + aValue)
	// What a request is compared with: `if ($http_x_token = "x")`.
	secretCompared = regexp.MustCompile(`(?i)[ \t(](` + fromRequest + `)[ \t]*!?=[ \t]*` + aValue)
	// Credentials of a header field, and of a URL.
	secretScheme = regexp.MustCompile(`(?i)\b(basic|bearer)[ \t]+([A-Za-z0-9+/=._~-]{6,})`)
	secretLogin  = regexp.MustCompile(`(://)[^\s/:@"']*:([^\s/@"']+)@`)
	// A map from credentials: its keys are secrets.
	secretMap = regexp.MustCompile(`(?i)^[ \t]*map[ \t]+["']?` + fromRequest + `["']?[ \t].*\{`)
	mapKey    = regexp.MustCompile(`^[ \t]*(\\?)` + aValue + `[ \t]`)

	noSecret = regexp.MustCompile(`(?i)(?:file|path|dir|dialog|program)$`) // names of what only points to one
	variable = regexp.MustCompile(`\$\{\w+\}|\$\w+|%\{[^}]*\}\w?|\s+`)
	mapWords = map[string]bool{"default": true, "hostnames": true, "volatile": true, "include": true}
)

// config replaces the secrets in a configuration by text of equal length, so
// that places stay what they are, and equal secrets stay equal.
func (r redactor) config(c *Config) *Config {
	if c == nil {
		return nil
	}
	out := *c
	out.Source.Files = make([]conf.File, len(c.Source.Files))
	for i, f := range c.Source.Files {
		f.Text = r.configText(f.Text)
		out.Source.Files[i] = f
	}
	return &out
}

func (r redactor) configText(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	inMap := false
	for line := range strings.Lines(text) {
		if inMap {
			if m := mapKey.FindStringSubmatch(line); m != nil && !mapWords[lastGroup(m)] {
				line = r.replace(mapKey, line)
			}
		}
		for _, p := range []*regexp.Regexp{secretLogin, secretScheme, secretDirective, secretSetting, secretCompared} {
			line = r.replace(p, line)
		}
		b.WriteString(line)
		inMap = (inMap || secretMap.MatchString(line)) && !strings.Contains(line, "}")
	}
	return b.String()
}

// replace replaces the secret in each match of p: its last group. The first
// group is what the secret is called.
func (r redactor) replace(p *regexp.Regexp, line string) string {
	for _, m := range p.FindAllStringSubmatchIndex(line, -1) {
		if noSecret.MatchString(line[m[2]:m[3]]) {
			continue
		}
		last := len(m) - 2
		for last > 2 && m[last] < 0 {
			last -= 2
		}
		line = line[:m[last]] + r.veil(line[m[last]:m[last+1]]) + line[m[last+1]:]
	}
	return line
}

func lastGroup(m []string) string {
	for i := len(m) - 1; i > 1; i-- {
		if m[i] != "" {
			return m[i]
		}
	}
	return ""
}

// veil replaces a text by one of as many bytes; variables and spaces in it stay.
func (r redactor) veil(text string) string {
	var b strings.Builder
	at := 0
	for _, m := range variable.FindAllStringIndex(text, -1) {
		b.WriteString(r.digits(text[at:m[0]]))
		b.WriteString(text[m[0]:m[1]])
		at = m[1]
	}
	b.WriteString(r.digits(text[at:]))
	return b.String()
}

// digits are as many hexadecimal digits as a text has bytes.
func (r redactor) digits(text string) string {
	if text == "" {
		return ""
	}
	sum := hex.EncodeToString(r.sum(text))
	return strings.Repeat(sum, len(text)/len(sum)+1)[:len(text)]
}

// logPair matches a parameter of a query that a line of a log quotes.
var logPair = regexp.MustCompile(`([?&]([^=&\s"]+)=)([^&\s",]+)`)

// line replaces what is secret in a line of a log: values of queries, and what
// the user gave to be sent.
func (r redactor) line(text string) string {
	text = logPair.ReplaceAllStringFunc(text, func(pair string) string {
		return pair[:1] + r.query(pair[1:])
	})
	return r.known(text)
}

// known replaces the secrets that the user gave, wherever they stand: pages and
// logs echo what they are sent.
func (r redactor) known(text string) string {
	for _, s := range r.given {
		text = strings.ReplaceAll(text, s, r.digits(s))
	}
	return text
}

// sample is known for a body's bytes.
func (r redactor) sample(body []byte) []byte {
	if len(r.given) == 0 {
		return body
	}
	return []byte(r.known(string(body)))
}
