package compare

import (
	"slices"
	"strings"
)

// verdict judges a field by its rule alone: b is what the backend has, p what
// the proxy has.
func verdict(rule Rule, b, p []string) Verdict {
	want := rule.Values
	if len(want) == 0 && rule.Fate == Keep {
		want = b
	}
	switch {
	case len(p) > 1 && len(p) > max(len(b), len(want)) && repeats(rule.Name, p, want):
		return Duplicated
	case len(p) == 0 && len(want) > 0 && rule.Fate != MayOwn && rule.Fate != Drop,
		len(p) == 0 && rule.Fate == Own:
		return Lost
	case len(p) == 0:
		return AsExpected
	case sameList(rule.Name, p, want):
		if slices.Equal(b, p) || rule.Fate == Keep && sameList(rule.Name, p, b) {
			return Same
		}
		return AsExpected
	case len(want) > 0:
		return Changed
	case slices.Equal(b, p):
		return Same
	case len(b) == 0 && rule.Fate != Own && rule.Fate != MayOwn:
		return Added
	}
	return AsExpected
}

// repeats reports whether p says a thing twice: a value that want has once, or
// a second value of a field that takes only one.
func repeats(name string, p, want []string) bool {
	if slices.Contains(singletons, strings.ToLower(name)) {
		return true
	}
	return slices.ContainsFunc(want, func(v string) bool { return count(p, v) > count(want, v) })
}

func count(list []string, v string) int {
	n := 0
	for _, s := range list {
		if s == v {
			n++
		}
	}
	return n
}

// sameList reports whether two lists of field lines mean the same: lines of one
// name may be joined by commas (RFC 9110 section 5.3), Set-Cookie excepted.
func sameList(name string, a, b []string) bool {
	if slices.Equal(a, b) {
		return true
	}
	return len(a) > 0 && len(b) > 0 && !strings.EqualFold(name, "Set-Cookie") &&
		!slices.Contains(singletons, strings.ToLower(name)) && strings.Join(a, ", ") == strings.Join(b, ", ")
}

// singletons are response fields that take one value only.
var singletons = []string{
	"age", "content-disposition", "content-length", "content-location", "content-range",
	"content-type", "date", "etag", "expires", "last-modified", "location",
}

// hopByHop reports whether a field belongs to one connection: the list of RFC
// 9110 section 7.6.1, Connection itself, and what either Connection field names.
func hopByHop(name string, headers ...Header) bool {
	switch name {
	case "connection", "proxy-connection", "keep-alive", "te", "transfer-encoding", "upgrade":
		return true
	}
	for _, h := range headers {
		for _, v := range h.Values("Connection") {
			for option := range strings.SplitSeq(v, ",") {
				if strings.EqualFold(strings.TrimSpace(option), name) {
					return true
				}
			}
		}
	}
	return false
}
