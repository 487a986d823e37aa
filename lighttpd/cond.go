package lighttpd

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// Op is how a condition compares.
type Op string

// The comparisons. opElse is that of an else without a condition.
const (
	OpEqual    Op = "=="
	OpNotEqual Op = "!="
	OpMatch    Op = "=~"
	OpNoMatch  Op = "!~"
	OpPrefix   Op = "=^"
	OpSuffix   Op = "=$"
	opElse     Op = "else"
)

func isCompare(op string) bool {
	switch Op(op) {
	case OpEqual, OpNotEqual, OpMatch, OpNoMatch, OpPrefix, OpSuffix:
		return true
	}
	return false
}

// Cond is a condition, as lighttpd understands it: a pattern that begins with
// ^ or ends with $ and is plain otherwise is compared as a text.
type Cond struct {
	Object string // HTTP, SERVER, REQUEST_HEADER
	Tag    string // url, host, socket, …, or the name of a field
	Op     Op
	Value  string
	// Unknown says why Value is not known, or cannot be told by us; "": it can.
	Unknown string

	pattern *pattern // of OpMatch and OpNoMatch
}

// String is the condition in lighttpd's words.
func (c Cond) String() string {
	if c.Op == opElse {
		return "else"
	}
	return fmt.Sprintf("$%s[%q] %s %q", c.Object, c.Tag, c.Op, c.Value)
}

// opposite is what an else is known by.
func (c Cond) opposite() string {
	op := map[Op]Op{OpEqual: "!=", OpNotEqual: "==", OpMatch: "!~", OpNoMatch: "=~", OpPrefix: "!^", OpSuffix: "!$"}[c.Op]
	c.Op = op
	return c.String()
}

// tags are what $HTTP["…"] can name.
var tags = map[string]bool{
	"url": true, "host": true, "referer": true, "useragent": true, "user-agent": true, "language": true, "cookie": true,
	"remoteip": true, "remote-ip": true, "querystring": true, "query-string": true, "request-method": true, "scheme": true,
}

// newCond checks a condition (configparser_parse_condition).
func newCond(object, tag, op string, v *Value) (Cond, error) {
	c := Cond{Object: object, Tag: tag, Op: Op(op), Value: v.Text, Unknown: v.Unknown}
	switch {
	case object == "REQUEST_HEADER":
	case object == "SERVER" && tag == "socket":
	case object == "HTTP" && tags[tag]:
	default:
		return c, fmt.Errorf("$%s[%q] is nothing that can be compared", object, tag)
	}
	if c.Unknown != "" {
		return c, nil
	}
	if c.Op == OpMatch && object != "SERVER" {
		c.simplify()
	}
	plain := c.Op != OpMatch && c.Op != OpNoMatch
	if !plain {
		var err error
		if c.pattern, c.Unknown, err = compile(c.Value); err != nil {
			return c, err
		}
	}
	switch {
	case (tag == "remoteip" || tag == "remote-ip") && object == "HTTP" && plain:
		if _, ok := network(c.Value); !ok && !strings.Contains(c.Value, "/") {
			return c, fmt.Errorf("%q is no IP address", c.Value)
		}
	case tag == "host" && object == "HTTP" && plain:
		c.Value = strings.ToLower(c.Value)
	}
	return c, nil
}

// simplify makes a comparison of texts of a pattern that is one
// (configparser_simplify_regex).
func (c *Cond) simplify() {
	text := c.Value
	var op Op
	switch {
	case strings.HasSuffix(text, "$"):
		text, op = strings.TrimSuffix(text, "$"), OpSuffix
		if strings.HasPrefix(text, "^") {
			text, op = text[1:], OpEqual
		} else if strings.HasPrefix(text, `\.`) && !strings.ContainsAny(text[2:], special) {
			c.Op, c.Value = op, text[1:]
			return
		}
	case strings.HasPrefix(text, "^"):
		text, op = text[1:], OpPrefix
	default:
		return
	}
	if !strings.ContainsAny(text, special) {
		c.Op, c.Value = op, text
	}
}

const special = `\^$.|?*+()[]{}`

// network reads an address or a network.
func network(text string) (netip.Prefix, bool) {
	addr, bits, masked := strings.Cut(text, "/")
	a, err := netip.ParseAddr(strings.Trim(addr, "[]"))
	if err != nil {
		return netip.Prefix{}, false
	}
	n, err := strconv.Atoi(bits)
	if !masked || err != nil {
		n = a.BitLen()
	}
	return netip.PrefixFrom(a, min(n, a.BitLen())), true
}
