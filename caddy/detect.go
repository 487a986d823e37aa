package caddy

import (
	"slices"
	"strings"
)

// detect says that a text has the shape of a Caddyfile, or of Caddy's
// configuration in JSON: most of its lines begin with a directive that is
// known, a matcher, an address with a brace behind it, or a brace, and none
// ends as other servers' lines do.
func detect(text string) bool {
	if isJSON(text) {
		return strings.Contains(text, `"apps"`) && strings.Contains(text, `"servers"`)
	}
	list, problem := tokens("", text, noEnv)
	if problem != nil {
		return false
	}
	known, others := 0, 0
	depth := 0
	for i, t := range list {
		last := i+1 == len(list) || list[i+1].first
		switch {
		case t.brace("{") && last:
			depth++
		case t.brace("}") && t.first:
			depth--
			continue
		}
		if last && !t.quoted && strings.HasSuffix(t.text, ";") {
			others += 2
		}
		if !t.first {
			continue
		}
		switch {
		case slices.Contains(defaultOrder, t.text), strings.HasPrefix(t.text, "@"), slices.Contains(otherWords, t.text):
			known++
		case depth == 0 && siteBegins(list[i:]):
			known++
		case depth > 1 || t.brace("{"):
			// a subdirective
		default:
			others++
		}
	}
	return known > others
}

// otherWords begin lines of a Caddyfile beside the directives that have an order.
var otherWords = []string{"import", "handle_errors", "handle_response", "log", "tls", "bind", "admin", "auto_https", "order", "debug", "email", "http_port", "https_port", "servers"}

// siteBegins says that a line opens the block of a site or of a snippet.
func siteBegins(line []token) bool {
	for i, t := range line {
		if i > 0 && t.first {
			return false
		}
		if t.brace("{") {
			return i > 0 && strings.ContainsAny(line[0].text, ".:(") || i == 0
		}
		if _, err := parseAddress(strings.TrimSuffix(t.text, ",")); err != nil || strings.ContainsAny(t.text, "<>=;") {
			return false
		}
	}
	return false
}
