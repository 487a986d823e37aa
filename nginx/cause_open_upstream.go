package nginx

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

var openUpstream = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-open-upstream", Part: diag.PartHandoff, Severity: diag.Warning,
		Title: "An internal location proxies to any host that the header names",
		Text: "The host of proxy_pass is taken from the internal URI, and nothing restricts it: whoever can " +
			"influence the header makes the proxy fetch from any host that it reaches.",
		Fix:    "Write the hosts that are allowed into the regular expression, or a map, or a location each.",
		Before: "location ~ ^/fetch/([^/]+)/(.*) { internal; proxy_pass https://$1/$2; }",
		After:  "location ~ ^/fetch/(bucket-a|bucket-b)/(.*) { internal; proxy_pass https://$1.example.org/$2; }",
		Source: "nginx documentation, ngx_http_proxy_module, proxy_pass",
	},
	Check:  "exposure",
	Anyway: true,
	Static: true,
	Judge:  judgeConfig(judgeOpenUpstream),
}

func judgeOpenUpstream(s *site) []diag.Finding {
	var list []diag.Finding
	for _, l := range s.locations() {
		pass := l.First("proxy_pass")
		kind, _ := LocationName(l)
		if pass == nil || !isInternal(l) && kind != LocationNamed {
			continue
		}
		if name := hostVariable(pass.Arg(0)); name != "" && s.chosen(l, name, 0) && !tested(l, name) {
			list = append(list, *s.Found(pass, "The host of %s comes from the handoff, and %s lets any host through.", pass, l))
		}
	}
	return list
}

// wholeVariable matches a host, or an address, that is one variable as a whole.
var wholeVariable = regexp.MustCompile(`^\$\{?(\d|[a-zA-Z_]\w*)\}?(?::\d+)?$`)

// hostVariable is the variable that is the host of an address, "" where there
// is none or where a literal text stands beside it.
func hostVariable(address string) string {
	if _, rest, ok := strings.Cut(address, "://"); ok {
		address = rest
	}
	if i := hostEnd(address); i > 0 {
		address = address[:i]
	}
	if m := wholeVariable.FindStringSubmatch(address); m != nil {
		return m[1]
	}
	return ""
}

// tested says that an if that ends the request tests a variable, in a location
// or around it.
func tested(l *conf.Directive, name string) bool {
	for block := l; block != nil; block = block.Parent {
		for _, d := range block.All("if") {
			about := slices.ContainsFunc(cutVariables(strings.Join(d.Texts(0), " ")), func(p part) bool { return p.variable && p.text == name })
			if about && len(d.All("return", "rewrite", "set")) > 0 {
				return true
			}
		}
	}
	return false
}

// chosen says that the handoff, or the request, chooses any value for a
// variable in a location: it is a capture of arbitrary text, a field, an
// argument, or set from one. A map of literals restricts it.
func (s *site) chosen(l *conf.Directive, name string, depth int) bool {
	const most = 10 // variables that are set from each other
	if depth > most {
		return false
	}
	for _, prefix := range []string{"upstream_http_", "http_", "arg_", "cookie_"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	kind, pattern := LocationName(l)
	if kind == LocationRegex || kind == LocationNoCase {
		for _, group := range groups(pattern) {
			if group.name == name {
				return strings.ContainsAny(group.text, ".*+[{\\") && !literalHosts.MatchString(group.text) && !ofDomain.MatchString(group.text)
			}
		}
	}
	for block := l; block != nil; block = block.Parent {
		for _, d := range block.All("set") {
			if from := hostVariable(d.Arg(1)); from != "" && d.Arg(0) == "$"+name {
				return s.chosen(l, from, depth+1) && !tested(l, from)
			}
		}
	}
	return false
}

// literalHosts matches host names with escaped dots, side by side.
var literalHosts = regexp.MustCompile(`^[\w-]+(?:\\\.[\w-]+)*(?:\|[\w-]+(?:\\\.[\w-]+)*)*$`)

// ofDomain matches host names within a domain: [^/]+\.example\.org
var ofDomain = regexp.MustCompile(`^(?:\[\^?[^\]]*\]|\\w)[+*]?(?:\\\.[\w-]+)+$`)

// captureGroup is a capturing group of a pattern: its number or name, and what is in it.
type captureGroup struct{ name, text string }

// groups are the capturing groups of a pattern that hold no further group.
func groups(pattern string) []captureGroup {
	var list []captureGroup
	n := 0
	for i := 0; i < len(pattern); i++ {
		switch pattern[i] {
		case '\\':
			i++
		case '(':
			rest := pattern[i+1:]
			if strings.HasPrefix(rest, "?") && !strings.HasPrefix(rest, "?<") && !strings.HasPrefix(rest, "?P<") {
				continue
			}
			n++
			end := strings.IndexByte(rest, ')')
			if end < 0 {
				return list
			}
			text := rest[:end]
			if name, body, ok := strings.Cut(strings.TrimPrefix(strings.TrimPrefix(text, "?P<"), "?<"), ">"); ok && strings.HasPrefix(text, "?") {
				list = append(list, captureGroup{name, body})
				text = body
			}
			list = append(list, captureGroup{strconv.Itoa(n), text})
		}
	}
	return list
}
