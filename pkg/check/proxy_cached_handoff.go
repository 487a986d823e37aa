package check

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var proxyCachedHandoff = diag.Rule{
	Doc: diag.Doc{
		Code: "proxy-cached-handoff", Part: diag.PartProxy, Severity: diag.Error,
		Title: "A download is replayed without asking the application",
		Text: "The right bytes come, and the backend was not asked for this request: a cache in front answers. " +
			"Whoever asks for the same URL gets the file, whatever the application would say.",
		Fix: "Exclude the download URLs from the cache, or let the application answer Cache-Control: private " +
			"or no-store and the cache obey it.",
		Before: "second request: 200, the file      backend: saw one request",
		After:  "second request: 200, the file      backend: saw two requests",
		Source: "RFC 9111 section 3",
	},
	Check:    checkEndToEnd,
	Explains: []string{"proxy-stale-file"},
	Judge:    judgeCachedHandoff,
}

func judgeCachedHandoff(v *diag.View) []diag.Finding {
	for _, u := range v.Stack.As {
		b := v.Exchange(asUser(diag.Backend, u))
		for try := range userTries {
			p := v.Exchange(askUser(u, try))
			if refuses(b) && p.Delivers() {
				return []diag.Finding{{
					Detail:   fmt.Sprintf("The application refuses %s (%s); through the proxy %s gets the file, after another user has.", u.Name, status(b), u.Name),
					Evidence: append([]diag.Evidence{said(b), said(p)}, hops(v, p.Probe.ID)...),
				}}
			}
		}
	}
	if found := replayed(v); found != nil {
		return found
	}
	return marked(v)
}

// Replayed says that a download was replayed without asking the application.
func Replayed(v *diag.View) bool { return judgeCachedHandoff(v) != nil }

// marked is the finding about a later answer that says of itself that it comes
// from a cache, though the backend lets nobody but the client store it. Age is
// only on answers that the origin did not give for this request (RFC 9111
// section 5.1).
func marked(v *diag.View) []diag.Finding {
	b := v.Exchange(diag.BackendGet)
	if !v.Delivered() || !b.Answered() || len(b.Handoffs()) == 0 || b.Header.Has("Age") {
		return nil
	}
	rules := members(b.Header.Values("Cache-Control"))
	if !slices.Contains(rules, "private") && !slices.Contains(rules, "no-store") {
		return nil
	}
	for _, id := range append([]string{diag.ProxyAgain}, longer().before[1:]...) {
		x := v.Exchange(id)
		if !x.Delivers() || cacheMark(x) == "" || v.Stack.Companion && len(x.Seen) > 0 {
			continue // where the companion saw the request, the cache has asked
		}
		return []diag.Finding{{
			Detail: fmt.Sprintf("The backend answers Cache-Control: %s, which lets nobody but the client store the download; what the proxy sends says %s: it comes from a cache.",
				strings.Join(b.Header.Values("Cache-Control"), ", "), cacheMark(x)),
			Evidence: append([]diag.Evidence{said(b), said(x)}, hops(v, id)...),
		}}
	}
	return nil
}

// hit matches what caches write into their own fields about an answer that
// they kept.
var hit = regexp.MustCompile(`(?i)(^|[ ;,])hit\b`)

// cacheMark is the field by which an answer says that a cache gave it.
func cacheMark(x *diag.Exchange) string {
	if age := x.Header.Get("Age"); age != "" {
		return "Age: " + age
	}
	for _, name := range []string{"Cache-Status", "X-Cache", "X-Cache-Status"} {
		if value := strings.Join(x.Header.Values(name), ", "); hit.MatchString(value) {
			return name + ": " + value
		}
	}
	return ""
}

// replayed is the finding about a second request that the companion did not see.
func replayed(v *diag.View) []diag.Finding {
	if !v.Stack.Companion {
		return nil
	}
	pairs := [][2]string{{diag.ProxyGet, diag.ProxyAgain}}
	for _, id := range longer().before[1:] {
		pairs = append(pairs, [2]string{longer().before[0], id})
	}
	for _, pair := range pairs {
		first, again := v.Exchange(pair[0]), v.Exchange(pair[1])
		if !first.Delivers() || !again.Delivers() {
			continue
		}
		asked, _ := v.Reached(pair[0])
		unasked, _ := v.Reached(pair[1])
		if asked != diag.Yes || unasked != diag.No {
			continue
		}
		return []diag.Finding{{
			Detail:   "The first request reached the application; a later one was answered without it.",
			Evidence: append([]diag.Evidence{seen(first), said(again), seen(again)}, hops(v, pair[1])...),
		}}
	}
	return nil
}
