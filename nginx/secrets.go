package nginx

import (
	"bytes"
	"regexp"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// withoutSecrets replaces the secrets in a configuration by as many bytes, so
// that every place stays what it is, and so that the directives stay the same
// but for these values. Variables within a value stay. What is looked for:
// values of fields, parameters, variables and directives whose name says that
// they are secret, the values of a map for such a variable, credentials of a
// header field or of a URL, and all that looks so in a comment.
func withoutSecrets(s conf.Source) conf.Source {
	c, _ := Parse(s)
	texts := map[string][]byte{}
	for _, f := range s.Files {
		texts[f.Path] = []byte(f.Text)
	}
	lines := map[string][]int{} // where the lines of a file begin
	c.Top.Walk(func(d *conf.Directive) bool {
		for _, a := range secretsOf(d) {
			if lines[a.Pos.File] == nil {
				lines[a.Pos.File] = lineStarts(texts[a.Pos.File])
			}
			starts := lines[a.Pos.File]
			if a.Pos.Line < 1 || a.Pos.Line > len(starts) {
				continue
			}
			veil(texts[a.Pos.File], starts[a.Pos.Line-1]+a.Pos.Column-1, a.Raw)
		}
		return true
	})
	out := s
	out.Files = slices.Clone(s.Files)
	for i, f := range out.Files {
		text := texts[f.Path]
		for _, pattern := range secretTexts {
			for _, m := range pattern.FindAllSubmatchIndex(text, -1) {
				copy(text[m[2]:m[3]], strings.Repeat("x", m[3]-m[2]))
			}
		}
		out.Files[i].Text = string(text)
	}
	return out
}

// secretTexts match what is a secret wherever it stands; the group is the secret.
var secretTexts = []*regexp.Regexp{
	regexp.MustCompile(`(?i)\b(?:basic|bearer)[ \t]+([A-Za-z0-9+/=._~-]{8,})`),
	regexp.MustCompile(`://[^\s/:@"';{}]*:([^\s/@"';{}$]+)@`),
	regexp.MustCompile(`\b(eyJ[\w-]{8,}\.[\w-]+\.[\w-]*)`),
	regexp.MustCompile(`(?im)#.*?\b(?:authorization|cookie|[\w-]*(?:password|passwd|secret|token|api[_-]?key)[\w-]*)["']?[ \t:=]+["']?([^\s"';:=]+)`),
}

// secretsOf are the arguments of a directive that are secret.
func secretsOf(d *conf.Directive) []conf.Arg {
	named := func(i int) bool { return len(d.Args) > i && secretName(d.Arg(i)) }
	switch d.Name {
	case "proxy_set_header", "grpc_set_header", "add_header", "add_trailer", "more_set_headers", "more_set_input_headers",
		"fastcgi_param", "uwsgi_param", "scgi_param", "env", "perl_set", "set":
		if named(0) {
			return d.Args[1:]
		}
		return nil
	case "secure_link_md5", "secure_link_secret":
		return d.Args
	}
	if p := d.Parent; p != nil && (p.Name == "map" || p.Name == "geo" || p.Name == "split_clients") && len(p.Args) > 0 && secretName(p.Arg(len(p.Args)-1)) {
		return d.Args
	}
	if !d.IsBlock && secretName(d.Name) {
		return d.Args
	}
	return nil
}

// secretName says that what has a name is secret: a variable, a header field, a
// parameter, a directive. Names of files that hold secrets are none.
func secretName(name string) bool {
	words := strings.FieldsFunc(strings.ToLower(name), func(r rune) bool { return r == '_' || r == '-' || r == '$' || r == ' ' || r == ':' })
	if len(words) == 0 {
		return false
	}
	switch words[len(words)-1] {
	case "file", "path", "dir", "zone", "level", "name", "type", "status", "host", "uri", "url":
		return false
	}
	secret := []string{"authorization", "cookie", "password", "passwd", "passphrase", "secret", "token", "apikey", "credential", "credentials", "signature", "jwt"}
	for i, w := range words {
		if slices.Contains(secret, w) || w == "key" && (words[0] == "x" || i > 0 && slices.Contains([]string{"api", "access", "secret", "private", "auth", "signing"}, words[i-1])) {
			return !slices.Contains(noSecrets, strings.ToLower(name))
		}
	}
	return false
}

// noSecrets are directives that are named like secrets and hold none.
var noSecrets = []string{"userid_cookie", "proxy_cookie_domain", "proxy_cookie_flags", "sticky_cookie", "auth_jwt", "proxy_ssl_session_token"}

// veil overwrites an argument that stands at an offset: all but quotes,
// variables, spaces within quotes, and line ends.
func veil(text []byte, at int, raw string) {
	if at < 0 || at+len(raw) > len(text) || !bytes.Equal(text[at:at+len(raw)], []byte(raw)) {
		return
	}
	value := text[at : at+len(raw)]
	quoted := len(raw) >= 2 && (raw[0] == '"' || raw[0] == '\'')
	if quoted {
		value = value[1 : len(value)-1]
	}
	kept := keptInSecrets.FindAllIndex(value, -1)
	for i := range value {
		if len(kept) > 0 && i >= kept[0][1] {
			kept = kept[1:]
		}
		inVariable := len(kept) > 0 && i >= kept[0][0]
		space := value[i] == '\n' || value[i] == '\r' || quoted && (value[i] == ' ' || value[i] == '\t')
		if !inVariable && !space {
			value[i] = 'x'
		}
	}
}

// keptInSecrets matches variables.
var keptInSecrets = regexp.MustCompile(`\$\{\w+\}|\$\w+`)

// lineStarts are the offsets at which the lines of a text begin.
func lineStarts(text []byte) []int {
	starts := []int{0}
	for i, c := range text {
		if c == '\n' {
			starts = append(starts, i+1)
		}
	}
	return starts
}
