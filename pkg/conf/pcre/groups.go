package pcre

import (
	"strconv"
	"strings"
)

// numberGroups makes named groups plain ones, with their names by number:
// PCRE numbers them as they come, and the engines do not agree on how to write
// them. References by name become references by number.
func numberGroups(text string) (plain string, names []string) {
	names = []string{""}
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		rest := text[i:]
		switch {
		case strings.HasPrefix(rest, `\Q`):
			n := strings.Index(rest, `\E`)
			if n < 0 {
				n = len(rest) - 2
			}
			b.WriteString(rest[:n+2])
			i += n + 1
		case strings.HasPrefix(rest, `\k`):
			if name, n := delimited(rest[2:]); n > 0 {
				b.WriteString(reference(names, name))
				i += n + 1
				continue
			}
			b.WriteString(`\k`)
			i++
		case rest[0] == '\\' && len(rest) > 1:
			b.WriteString(rest[:2])
			i++
		case rest[0] == '[':
			n := classEnd(rest)
			b.WriteString(rest[:n])
			i += n - 1
		case strings.HasPrefix(rest, "(?P="):
			n := strings.IndexByte(rest, ')')
			if n < 0 {
				n = len(rest) - 1
			}
			b.WriteString(reference(names, rest[4:max(n, 4)]))
			i += n
		case strings.HasPrefix(rest, "(?") && !strings.HasPrefix(rest, "(?<=") && !strings.HasPrefix(rest, "(?<!"):
			if name, n := delimited(strings.TrimPrefix(rest[2:], "P")); n > 0 {
				if strings.HasPrefix(rest[2:], "P") {
					n++
				}
				names = append(names, name)
				b.WriteByte('(')
				i += n + 1
				continue
			}
			b.WriteByte('(')
		case rest[0] == '(':
			if !strings.HasPrefix(rest, "(?") && !strings.HasPrefix(rest, "(*") {
				names = append(names, "")
			}
			b.WriteByte('(')
		default:
			b.WriteByte(rest[0])
		}
	}
	return b.String(), names
}

// delimited returns the name at the beginning of s, <name>, 'name' or {name},
// and the length with the delimiters; 0 where there is none.
func delimited(s string) (name string, n int) {
	if s == "" {
		return "", 0
	}
	closing, ok := map[byte]byte{'<': '>', '\'': '\'', '{': '}'}[s[0]]
	if !ok {
		return "", 0
	}
	end := strings.IndexByte(s[1:], closing)
	if end <= 0 || strings.ContainsFunc(s[1:1+end], func(r rune) bool { return !isWord(r) }) {
		return "", 0
	}
	return s[1 : 1+end], end + 2
}

func reference(names []string, name string) string {
	for i, n := range names {
		if n == name && n != "" {
			return `(?:\` + strconv.Itoa(i) + ")"
		}
	}
	return `\k<` + name + ">" // no engine takes it
}

// classEnd is the length of the character class at the beginning of s.
func classEnd(s string) int {
	n, _ := Class(s)
	return n
}

// Class is the length of the character class at the beginning of s, and whether
// it is closed.
func Class(s string) (n int, closed bool) {
	i := 1
	if strings.HasPrefix(s[i:], "^") {
		i++
	}
	if strings.HasPrefix(s[i:], "]") {
		i++
	}
	for i < len(s) {
		switch {
		case s[i] == '\\':
			i++
		case strings.HasPrefix(s[i:], "[:"):
			if n := strings.Index(s[i:], ":]"); n > 0 {
				i += n + 1
			}
		case s[i] == ']':
			return i + 1, true
		}
		i++
	}
	return len(s), false
}

func isWord(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}
