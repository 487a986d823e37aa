package check

import (
	"fmt"

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
		b, p := v.Exchange(asUser(diag.Backend, u)), v.Exchange(asUser(diag.Proxy, u))
		if b.Answered() && b.Status >= 400 && p.Delivers() {
			return []diag.Finding{{
				Detail:   fmt.Sprintf("The application refuses %s (%s); through the proxy %s gets the file, after another user has.", u.Name, status(b), u.Name),
				Evidence: append([]diag.Evidence{said(b), said(p)}, hops(v, asUser(diag.Proxy, u))...),
			}}
		}
	}
	return replayed(v)
}

// replayed is the finding about a second request that the companion did not see.
func replayed(v *diag.View) []diag.Finding {
	first, again := v.Exchange(diag.ProxyGet), v.Exchange(diag.ProxyAgain)
	if !v.Stack.Companion || !first.Delivers() || !again.Delivers() {
		return nil
	}
	if reached, _ := v.Reached(diag.ProxyGet); reached != diag.Yes {
		return nil
	}
	if reached, _ := v.Reached(diag.ProxyAgain); reached != diag.No {
		return nil
	}
	return []diag.Finding{{
		Detail:   "The first request reached the application; the second one was answered without it.",
		Evidence: append([]diag.Evidence{seen(first), said(again), seen(again)}, hops(v, diag.ProxyAgain)...),
	}}
}
