package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// cacheFields are the fields by which caches make themselves known (RFC 9111
// section 5.1, RFC 9211, and what common ones send).
func cacheFields() []string {
	return []string{"Age", "Cache-Status", "X-Cache", "X-Cache-Status", "X-Served-By"}
}

// hops is what an answer of the proxy port tells about which of several
// proxies gave it; nil where nothing hints at more than one.
func hops(v *diag.View, id string) []diag.Evidence {
	x := v.Exchange(id)
	if !x.Answered() {
		return nil
	}
	var lines []string
	say := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }

	if via := list(x, "Via"); via != nil {
		say("It came by way of %s (Via).", strings.Join(via, ", then "))
	} else if others := elsewhere(v, x, "Via"); others != nil {
		say("It has no Via field, and other answers of this port have (%s): whoever adds that did not pass this answer on, but gave it, or was not asked.", others[0])
	}
	if own := x.Header.Get("Server"); own != "" && !slices.Contains(servers(v, diag.Backend), own) {
		if others := slices.DeleteFunc(servers(v, diag.Proxy), func(s string) bool { return s == own }); len(others) > 0 {
			say("It is from Server: %s, and other answers of this port are from %s: more than one server answers here.", own, strings.Join(others, ", "))
		}
	}
	var marks []string
	for _, name := range cacheFields() {
		if value := strings.Join(x.Header.Values(name), ", "); value != "" {
			marks = append(marks, name+": "+value)
		}
	}
	if marks != nil {
		say("It has the marks of a cache: %s.", strings.Join(marks, "; "))
	}
	if n := passers(x); n > 1 {
		say("%d proxies passed the request on: so many have noted themselves in X-Forwarded-For.", n)
	}
	if names := handoffNames(v.Exchange(diag.BackendGet)); len(names) > 1 {
		say("The backend hands off in two ways, %s: of several proxies each takes the one that it knows.", strings.Join(names, " and "))
	}
	if lines == nil {
		return nil
	}
	return []diag.Evidence{{Kind: diag.EvidenceExchange, Probe: id, Text: "Who answered: " + strings.Join(lines, " ")}}
}

// inChain says in a few words that several proxies stand between, "" where
// nothing shows it.
func inChain(v *diag.View) string {
	x := v.Exchange(diag.ProxyGet)
	if n := passers(x); n > 1 {
		return fmt.Sprintf("by way of %d proxies, as X-Forwarded-For tells the backend", n)
	}
	if via := list(x, "Via"); len(via) > 1 {
		return "by way of " + strings.Join(via, ", then ") + " (Via)"
	}
	if names := servers(v, diag.Proxy); len(names) > 1 {
		return "more than one server answers on the proxy port: " + strings.Join(names, ", ")
	}
	return ""
}

// list are the members of a field that is a list, in the order of the wire: in
// Via that is from the backend to the client (RFC 9110 section 7.6.3).
func list(x *diag.Exchange, name string) []string {
	if !x.Answered() {
		return nil
	}
	var members []string
	for m := range strings.SplitSeq(strings.Join(x.Header.Values(name), ","), ",") {
		if m = strings.TrimSpace(m); m != "" {
			members = append(members, m)
		}
	}
	return members
}

// elsewhere are the values of a field in other answers of the same port.
func elsewhere(v *diag.View, x *diag.Exchange, name string) []string {
	var values []string
	for i := range v.Record.Exchanges {
		o := &v.Record.Exchanges[i]
		if value := o.Header.Get(name); o.Probe.Port == x.Probe.Port && value != "" && !slices.Contains(values, value) {
			values = append(values, value)
		}
	}
	return values
}

// servers are the values of Server in the answers of a port; on the proxy port
// without those that are the backend's own, passed on.
func servers(v *diag.View, port diag.Port) []string {
	asked := func(p diag.Port) []string {
		return elsewhere(v, &diag.Exchange{Probe: diag.Probe{Port: p}}, "Server")
	}
	if port != diag.Proxy {
		return asked(port)
	}
	backend := asked(diag.Backend)
	return slices.DeleteFunc(asked(port), func(s string) bool { return slices.Contains(backend, s) })
}

// passers is how many proxies noted themselves in the X-Forwarded-For of a
// request that the companion saw: each adds whom it was asked by. Some write
// the field twice, so that the longest line counts.
func passers(x *diag.Exchange) int {
	if x == nil || len(x.Seen) == 0 {
		return 0
	}
	count := func(lines []string) (most int) {
		for _, line := range lines {
			most = max(most, strings.Count(line, ",")+1)
		}
		return most
	}
	return count(x.Seen[0].Forwarded["X-Forwarded-For"]) - count(x.Request.Header.Values("X-Forwarded-For"))
}

// handoffNames are the names of an answer's handoff fields.
func handoffNames(x *diag.Exchange) []string {
	var names []string
	for _, h := range x.Handoffs() {
		if !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, h.Name) }) {
			names = append(names, h.Name)
		}
	}
	return names
}
