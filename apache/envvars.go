package apache

import "strings"

// Names of files in a Source that hold no configuration but variables.
const (
	envFile = "envvars"     // beside the main file: what Debian's apachectl sources
	envGive = "environment" // what LoadOptions.Env gives
)

// assignments reads the assignments of a shell script such as Debian's
// /etc/apache2/envvars into env. Conditions are not evaluated: each assignment
// counts whose value is plain, so that the last one wins, which for Debian's
// script is right for /etc/apache2.
func assignments(text string, env map[string]string) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		line = strings.TrimSpace(strings.TrimPrefix(line, "export "))
		name, value, ok := strings.Cut(line, "=")
		if !ok || !isName(name) {
			continue
		}
		if value, ok = shellValue(value, env); ok {
			env[name] = value
		}
	}
}

func isName(s string) bool {
	for i, r := range s {
		if r != '_' && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}

// shellValue is the value of a word of a shell: quotes, $NAME and ${NAME}. ok
// is false where it holds more than that.
func shellValue(word string, env map[string]string) (value string, ok bool) {
	var b strings.Builder
	quote := byte(0)
	for i := 0; i < len(word); i++ {
		c := word[i]
		switch {
		case quote == c:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0 && (c == ' ' || c == '\t' || c == ';'):
			return b.String(), true
		case quote == 0 && strings.IndexByte("&|<>()", c) >= 0, quote != '\'' && c == '`':
			return "", false
		case quote != '\'' && c == '\\' && i+1 < len(word):
			i++
			b.WriteByte(word[i])
		case quote != '\'' && c == '$':
			end := i + 1
			if end < len(word) && word[end] == '{' {
				n := strings.IndexByte(word[end:], '}')
				if n < 0 || !isName(word[end+1:end+n]) {
					return "", false
				}
				b.WriteString(env[word[end+1:end+n]])
				i = end + n
				continue
			}
			for end < len(word) && isName(word[i+1:end+1]) {
				end++
			}
			if end == i+1 {
				return "", false
			}
			b.WriteString(env[word[i+1:end]])
			i = end - 1
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), quote == 0
}
