package apache

import (
	"net/netip"
	"strconv"
	"strings"
)

// expr evaluates an expression of Apache's as far as the request and the
// configuration tell (https://httpd.apache.org/docs/2.4/expr.html).
func (s *state) expr(text string) truth {
	p := &exprParser{s: s, text: text}
	t := p.or()
	if p.space(); p.at < len(p.text) || p.bad {
		return unknown
	}
	return t
}

type exprParser struct {
	s     *state
	text  string
	at    int
	depth int
	bad   bool

	captures []string // of the last regular expression that matched
	lost     bool     // whether one matched is not known
}

func (p *exprParser) space() { p.at = skipSpace(p.text, p.at) }

// take moves behind one of the words if it comes next.
func (p *exprParser) take(words ...string) string {
	p.space()
	for _, w := range words {
		if !strings.HasPrefix(p.text[p.at:], w) {
			continue
		}
		if end := p.at + len(w); isLetter(w[len(w)-1]) && end < len(p.text) && isLetter(p.text[end]) {
			continue
		}
		p.at += len(w)
		return w
	}
	return ""
}

func isLetter(b byte) bool {
	return b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z' || b == '_' || b >= '0' && b <= '9'
}

func (p *exprParser) or() truth {
	t := p.and()
	for p.take("||", "or") != "" {
		switch u := p.and(); {
		case t == yes || u == yes:
			t = yes
		case t == unknown || u == unknown:
			t = unknown
		}
	}
	return t
}

func (p *exprParser) and() truth {
	t := p.one()
	for p.take("&&", "and") != "" {
		switch u := p.one(); {
		case t == no || u == no:
			t = no
		case t == unknown || u == unknown:
			t = unknown
		}
	}
	return t
}

func (p *exprParser) one() truth {
	if p.depth++; p.depth > 100 {
		p.bad = true
		return unknown
	}
	defer func() { p.depth-- }()
	switch p.take("!~", "!=", "!", "(", "true", "false", "-R", "-z", "-n", "-f", "-d", "-e", "-s", "-F", "-U", "-A", "-T", "-L", "-h") {
	case "!":
		return p.one().not()
	case "(":
		t := p.or()
		if p.take(")") == "" {
			p.bad = true
		}
		return t
	case "true":
		return yes
	case "false":
		return no
	case "-R":
		net, ok := p.operand()
		if !ok {
			return unknown
		}
		return p.s.clientIn([]string{net})
	case "-z":
		v, ok := p.operand()
		return decide(ok, v == "")
	case "-n":
		v, ok := p.operand()
		return decide(ok, v != "")
	case "!~", "!=":
		p.bad = true
		return unknown
	case "":
	default:
		p.operand()
		return unknown
	}
	left, ok := p.operand()
	op := p.take("==", "!=", "=~", "!~", "=", "<=", ">=", "<", ">", "-strmatch", "-strcmatch", "-ipmatch", "-fnmatch", "-eq", "-ne", "-lt", "-le", "-gt", "-ge", "eq", "ne", "lt", "le", "gt", "ge", "in")
	switch op {
	case "":
		p.bad = true
		return unknown
	case "=~", "!~":
		return p.regex(left, ok, op == "!~")
	case "in":
		return p.list(left, ok)
	}
	right, ok2 := p.operand()
	ok = ok && ok2
	if op == "-ipmatch" {
		net, valid := network(right)
		addr, err := netip.ParseAddr(left)
		return decide(ok && valid && err == nil, valid && err == nil && net.Contains(addr.Unmap()))
	}
	a, errA := strconv.Atoi(left)
	b, errB := strconv.Atoi(right)
	switch op {
	case "==", "=":
		return decide(ok, left == right)
	case "!=":
		return decide(ok, left != right)
	case "<":
		return decide(ok, left < right)
	case "<=":
		return decide(ok, left <= right)
	case ">":
		return decide(ok, left > right)
	case ">=":
		return decide(ok, left >= right)
	case "-strmatch", "-fnmatch":
		return decide(ok && op == "-strmatch" && !strings.ContainsAny(right, `[\`), wildMatch(right, left))
	case "-strcmatch":
		return decide(ok && !strings.ContainsAny(right, `[\`), wildMatch(strings.ToLower(right), strings.ToLower(left)))
	}
	ok = ok && errA == nil && errB == nil
	switch strings.TrimPrefix(op, "-") {
	case "eq":
		return decide(ok, a == b)
	case "ne":
		return decide(ok, a != b)
	case "lt":
		return decide(ok, a < b)
	case "le":
		return decide(ok, a <= b)
	case "gt":
		return decide(ok, a > b)
	case "ge":
		return decide(ok, a >= b)
	}
	return unknown
}

func decide(ok, value bool) truth {
	if !ok {
		return unknown
	}
	return known(value)
}

// regex reads /…/ or m#…# with flags.
func (p *exprParser) regex(left string, ok, not bool) truth {
	p.take("m")
	if p.space(); p.at >= len(p.text) {
		p.bad = true
		return unknown
	}
	end := p.text[p.at]
	n := strings.IndexByte(p.text[p.at+1:], end)
	if n < 0 {
		p.bad = true
		return unknown
	}
	source := p.text[p.at+1 : p.at+1+n]
	p.at += n + 2
	noCase := p.at < len(p.text) && p.text[p.at] == 'i'
	if noCase {
		p.at++
	}
	re := compile(source, noCase)
	captures, matches := re.match(left)
	if !ok || re.why != "" {
		p.lost = true
	} else if matches {
		p.captures, p.lost = captures, false
	}
	return decide(ok && re.why == "", matches != not)
}

// list reads { 'a', 'b' }.
func (p *exprParser) list(left string, ok bool) truth {
	if p.take("{") == "" {
		p.bad = true
		return unknown
	}
	t := no
	for {
		v, known := p.operand()
		if ok = ok && known; ok && v == left {
			t = yes
		}
		if p.take("}") != "" || p.bad {
			return decide(ok, t == yes)
		}
		if p.take(",") == "" {
			p.bad = true
			return unknown
		}
	}
}

// operand reads a string, a number, a variable or a call of a function.
func (p *exprParser) operand() (value string, ok bool) {
	p.space()
	if p.at >= len(p.text) {
		p.bad = true
		return "", false
	}
	switch c := p.text[p.at]; {
	case c == '\'' || c == '"':
		end := p.at + 1
		for end < len(p.text) && p.text[end] != c {
			if p.text[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(p.text) {
			p.bad = true
			return "", false
		}
		text := unescape(p.text[p.at+1:end], c)
		p.at = end + 1
		return p.s.expand(text, nil, nil)
	case c == '%' && strings.HasPrefix(p.text[p.at:], "%{"):
		n := strings.IndexByte(p.text[p.at:], '}')
		if n < 0 {
			p.bad = true
			return "", false
		}
		name := p.text[p.at+2 : p.at+n]
		p.at += n + 1
		return p.s.variable(name)
	case c == '$' && p.at+1 < len(p.text) && p.text[p.at+1] >= '0' && p.text[p.at+1] <= '9':
		n := int(p.text[p.at+1] - '0')
		p.at += 2
		if n < len(p.captures) {
			value = p.captures[n]
		}
		return value, !p.lost
	case c >= '0' && c <= '9' || c == '-':
		end := p.at + 1
		for end < len(p.text) && (p.text[end] >= '0' && p.text[end] <= '9' || p.text[end] == '.') {
			end++
		}
		value = p.text[p.at:end]
		p.at = end
		return value, true
	case isLetter(c):
		end := p.at
		for end < len(p.text) && isLetter(p.text[end]) {
			end++
		}
		name := p.text[p.at:end]
		if p.at = end; p.take("(") == "" {
			p.bad = true
			return "", false
		}
		arg, ok := p.operand()
		if p.take(")") == "" {
			p.bad = true
		}
		switch name {
		case "tolower":
			return strings.ToLower(arg), ok
		case "toupper":
			return strings.ToUpper(arg), ok
		case "reqenv", "env":
			v, known := p.s.variable("ENV:" + arg)
			return v, ok && known
		case "req", "http", "req_novary":
			v, known := p.s.variable("HTTP:" + arg)
			return v, ok && known
		}
		return "", false
	}
	p.bad = true
	return "", false
}
