package project

import (
	"regexp"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf/mask"
)

var (
	// credentials is what stands before the host of a URL, in whatever way it was
	// meant to be escaped.
	credentials = regexp.MustCompile(`://([^\s"]*)@`)
	// named is a name with its value: `password: x`, `?token=x`, "X-Api-Key: x".
	named = regexp.MustCompile(`([\w.-]+)["']?[ \t]*[:=]([ \t]*)`)
	// given is an argument that names the next one: --password x.
	given = regexp.MustCompile(`--?([A-Za-z][\w-]*)["']?(?:[ \t]*,[ \t]*|[ \t]+)["']?([^\s"',\]}]+)`)
	// logsIn is a field that logs in, or how it does.
	logsIn = regexp.MustCompile(`(?i)\b(?:authorization|cookie|bearer|basic)\b["']?[ \t:]+([^"'\n]*)`)
	// secretly is in names that are meant to be a secret's, well spelt or not.
	secretly = regexp.MustCompile(`(?i)pass|pwd|secre|token|auth|cookie|credential|api_?key`)
	// next is where another setting begins.
	next = regexp.MustCompile(`,[ \t]*["']?[\w.-]+["']?[ \t]*:`)
	// whole is a value that is a reference and nothing else.
	whole = regexp.MustCompile(`^["']?\$\{(?:env|file):[^}]*\}["']?$`)
)

// veiled is a file's text with stars for each byte of what may be secret: what
// is shown of it keeps its places. Rather too much is veiled than too little.
func veiled(text string) string {
	var b strings.Builder
	under := -1 // the indentation of a secret's name whose value stands below
	for line := range strings.Lines(text) {
		bytes := []byte(line)
		body := strings.TrimRight(line, "\r\n")
		indent := len(body) - len(strings.TrimLeft(body, " -"))
		if under >= 0 && (indent > under || strings.TrimSpace(body) == "") {
			veil(bytes, indent, len(body))
			b.Write(bytes)
			continue
		}
		under = -1
		for _, p := range []*regexp.Regexp{credentials, logsIn} {
			for _, g := range p.FindAllStringSubmatchIndex(body, -1) {
				veil(bytes, g[2], g[3])
			}
		}
		for _, g := range given.FindAllStringSubmatchIndex(body, -1) {
			if isSecret(body[g[2]:g[3]]) {
				veil(bytes, g[4], g[5])
			}
		}
		for _, g := range named.FindAllStringSubmatchIndex(body, -1) {
			if !isSecret(body[g[2]:g[3]]) {
				continue
			}
			value := valueAt(body[g[1]:])
			switch {
			case strings.Trim(value, " \t") == "", strings.HasPrefix(value, "|"), strings.HasPrefix(value, ">"):
				under = indent
			case !whole.MatchString(strings.TrimRight(value, " \t}]")) && !whole.MatchString(strings.TrimRight(value, " \t")):
				veil(bytes, g[1], g[1]+len(value))
			}
		}
		b.Write(bytes)
	}
	return b.String()
}

// valueAt is the value that a text begins with.
func valueAt(text string) string {
	if text != "" && (text[0] == '"' || text[0] == '\'') {
		for i := 1; i < len(text); i++ {
			switch {
			case text[0] == '"' && text[i] == '\\', text[0] == '\'' && strings.HasPrefix(text[i:], "''"):
				i++
			case text[i] == text[0]:
				return text[:i+1]
			}
		}
		return text
	}
	if g := next.FindStringIndex(text); g != nil {
		return text[:g[0]]
	}
	return text
}

// isSecret says that what is called so is not to be shown.
func isSecret(name string) bool {
	name = strings.ToLower(name)
	if strings.HasSuffix(name, "file") || strings.HasSuffix(name, "path") {
		return false
	}
	return mask.IsSecret(name) || secretly.MatchString(name)
}

// veil writes stars over letters, and leaves quotes at the ends, brackets and
// spaces as they are.
func veil(text []byte, from, to int) {
	for i := from; i < to; i++ {
		if !strings.ContainsRune(" \t\"'{}[]", rune(text[i])) {
			text[i] = '*'
		}
	}
}
