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
	return replayed(v)
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
