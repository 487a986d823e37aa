package nginx

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// isLua says that the block of a directive holds Lua: content_by_lua_block and
// the others of lua-nginx-module.
func isLua(name string) bool { return strings.HasSuffix(name, "_by_lua_block") }

// luaBlock moves past a Lua block's closing brace and returns what stands
// before it. Braces in strings and comments do not count, as in
// lua-nginx-module's ngx_http_lua_conf_lua_block_parse().
func (l *lexer) luaBlock() (body string, end conf.Pos, problem *conf.Problem) {
	opened := l.line
	depth := 1
	for i := l.pos; i < len(l.text); {
		rest := l.text[i:]
		switch {
		case strings.HasPrefix(rest, "--"):
			n := longBracket(rest[2:])
			if n == 0 {
				n = max(strings.IndexByte(rest[2:], '\n'), 0)
			}
			i += 2 + n
			continue
		case rest[0] == '[':
			if n := longBracket(rest); n > 0 {
				i += n
				continue
			}
		case rest[0] == '"' || rest[0] == '\'':
			i += luaString(rest)
			continue
		case rest[0] == '{':
			depth++
		case rest[0] == '}':
			depth--
		}
		if depth == 0 {
			body = l.text[l.pos:i]
			l.skip(i)
			end = l.at(i)
			l.pos++
			return body, end, nil
		}
		i++
	}
	at := l.at(l.pos - 1)
	l.skip(len(l.text))
	p := l.problem(at, `the Lua block that opens here has no closing "}"`)
	p.Pos.Line = opened
	return "", end, p
}

// longBracket is the length of a Lua long bracket, [[…]] or [=[…]=], at the
// beginning of s: 0 where there is none or it is not closed.
func longBracket(s string) int {
	if !strings.HasPrefix(s, "[") {
		return 0
	}
	level := 1
	for level < len(s) && s[level] == '=' {
		level++
	}
	if level >= len(s) || s[level] != '[' {
		return 0
	}
	closing := "]" + s[1:level] + "]"
	n := strings.Index(s[level+1:], closing)
	if n < 0 {
		return 0
	}
	return level + 1 + n + len(closing)
}

// luaString is the length of the quoted string at the beginning of s: 1 where
// it is not closed on its line.
func luaString(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '\n':
			return 1
		case s[0]:
			return i + 1
		}
	}
	return 1
}
