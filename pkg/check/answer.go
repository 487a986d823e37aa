package check

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// proxyFault judges the proxy's answer to the plain GET: the one code that
// fits what the user sees, or the zero fault where the download arrives or
// where the answer does not tell.
func proxyFault(v *diag.View) fault {
	p := v.Exchange(diag.ProxyGet)
	if p == nil || v.Fixture(diag.RoleMain) == nil || v.Delivered() {
		return fault{}
	}
	if !p.Answered() {
		if timedOut(p) {
			return fault{"proxy-timeout", "The proxy port did not answer: " + p.Failure.Message + "."}
		}
		if passesOn(v.Exchange(diag.BackendGet), p) {
			return fault{}
		}
		return fault{"proxy-unreachable", "The proxy port cannot be asked: " + failure(p) + "."}
	}
	if detail, _ := misdirected(v); detail != "" {
		return fault{"proxy-unreachable", detail}
	}
	f := answerFault(v, p)
	if p.Failure != nil && (f.code == "" || f.code == "proxy-not-routed" && p.Failure.Kind != compare.TooLong) {
		if !passesOn(v.Exchange(diag.BackendGet), p) {
			return broken(v, p)
		}
	}
	return f
}

// answerFault judges an answer by its status, its body, and whom it came from.
func answerFault(v *diag.View, p *diag.Exchange) fault {
	b := v.Exchange(diag.BackendGet)
	if b.Answered() && b.Status >= 300 && b.Status == p.Status {
		return fault{} // it passes on what the backend says
	}
	if p.Status >= 502 && p.Status <= 504 && breaksOff(b) {
		return fault{} // it says what the backend does
	}
	if echoed(v) {
		return fault{"handoff-echoed", fmt.Sprintf("The proxy answers %s, with exactly what the application answers when it is asked for the internal URI itself.", status(p))}
	}
	if f := refusalFault(v, p); f.code != "" {
		return f
	}
	reached, _ := v.Reached(diag.ProxyGet)
	if f := unrouted(v, p, reached); f.code != "" {
		return f
	}
	if f := sentElsewhere(v, p); f.code != "" {
		return f
	}
	if reached != diag.Yes {
		return fault{}
	}
	if f := asked(v, p); f.code != "" {
		return f
	}
	return afterHandoff(v, b, p)
}

// unrouted judges answers that are the proxy's own, before any handoff.
func unrouted(v *diag.View, p *diag.Exchange, reached diag.Tri) fault {
	answered := fmt.Sprintf("The proxy answers %s.", status(p))
	switch {
	case p.Status == 401 && reached != diag.Yes:
		return fault{"proxy-auth-required", answered + " It asks for a login before the application is asked."}
	case p.Status/100 == 3 && p.Status != 304 && reached != diag.Yes:
		text := fmt.Sprintf("%s It redirects to %s instead of asking the application.", answered, p.Header.Get("Location"))
		return fault{"proxy-redirects", text + toItself(p)}
	case p.Status == 502 && (v.Way(diag.ProxyGet).TimedOut || gaveUpFirst(v, p)):
		return fault{"proxy-timeout", answered + " It waited for the backend and gave up."}
	case p.Status >= 502 && p.Status <= 504 && reached == diag.Yes && !ofHandoff(v, p):
		return fault{} // the application may say so itself
	case p.Status == 502 || p.Status == 503, p.Status == 500 && reached == diag.No && strings.HasSuffix(p.StatusLine, " Proxy Error"):
		return fault{"proxy-bad-gateway", badGateway(answered, v, reached)}
	case p.Status == 504:
		return fault{"proxy-timeout", answered + " It waited for the backend and gave up."}
	}
	if x := hostRejection(v); x != nil {
		return fault{"proxy-host-rejected", fmt.Sprintf("%s The backend answers its own port with %s, and exactly what the proxy shows when it is asked with Host: %s.",
			answered, status(v.Exchange(diag.BackendGet)), x.Probe.Host)}
	}
	if reached == diag.No {
		switch p.Status {
		case 400, 413, 414, 431:
			answered += " It finds the request itself malformed or too large; look at what --header adds to it."
		}
		return fault{"proxy-not-routed", answered + " The answer is the proxy's own: the request did not reach the application."}
	}
	return fault{}
}

// gaveUpFirst says that the proxy took its time to say that the backend is out of
// reach, and that the backend takes longer to answer: where nothing listens a
// proxy says so at once.
func gaveUpFirst(v *diag.View, p *diag.Exchange) bool {
	const atOnce = 900 // milliseconds
	b := v.Exchange(diag.BackendGet)
	return b.Answered() && b.Timing.Total > p.Timing.Total && p.Timing.Total >= atOnce
}

// toItself says where a redirect goes round in a circle.
func toItself(x *diag.Exchange) string {
	asked, err := url.Parse(x.Request.URL)
	location := x.Header.Get("Location")
	if err != nil || location == "" {
		return ""
	}
	if to, err := asked.Parse(location); err == nil && to.String() == asked.String() {
		return " That is the URL that was asked for: the redirect never ends."
	}
	return ""
}

func badGateway(answered string, v *diag.View, reached diag.Tri) string {
	if reached == diag.Yes {
		return answered + " The backend was asked and did answer; the proxy could not use the answer, or not reach what the handoff names."
	}
	if v.Exchange(diag.BackendGet).Answered() && v.Exchange(diag.ProxyGet).Status == 503 {
		return answered + " The backend answers us on its own port, so the proxy asks somewhere else, or takes no more requests for now (a limit)."
	}
	if v.Exchange(diag.BackendGet).Answered() {
		return answered + " The backend answers us on its own port, so the proxy asks somewhere else, or is not let through."
	}
	return answered
}

// sentElsewhere judges what the configuration says about the path that the
// backend is asked for, where nobody saw it and the answer is an error that
// the backend's own port does not give.
func sentElsewhere(v *diag.View, p *diag.Exchange) fault {
	w, b := v.Way(diag.ProxyGet), v.Exchange(diag.BackendGet)
	want := decoded(string(v.Stack.Backend))
	if v.Stack.Fixed == "" {
		want = decoded(v.Stack.Backend.For(v.Fixture(diag.RoleMain).Name))
	}
	if v.Stack.Companion || w.Path == "" || w.Path == want || p.Status < 300 || len(b.Handoffs()) == 0 {
		return fault{}
	}
	return fault{"proxy-path-rewritten", fmt.Sprintf("We asked the proxy for %s; by its configuration the backend is asked for %s instead of %s.",
		decoded(p.Request.URL), w.Path, want)}
}

// asked judges what the companion saw: another path than ours, or more than
// one request.
func asked(v *diag.View, p *diag.Exchange) fault {
	if len(p.Seen) == 0 {
		return fault{}
	}
	want := decoded(v.Stack.Backend.For(v.Fixture(diag.RoleMain).Name))
	if got := unescape(p.Seen[0].Path); got != want {
		return fault{"proxy-path-rewritten", fmt.Sprintf("We asked the proxy for %s; the backend was asked for %s instead of %s.",
			decoded(p.Request.URL), got, want)}
	}
	if p.Status == 500 && len(p.Seen) > 1 {
		return fault{"handoff-loop", fmt.Sprintf("The backend was asked %d times for one download, then the proxy answered %s.", len(p.Seen), status(p))}
	}
	for _, s := range p.Seen[1:] {
		if got := unescape(s.Path); got != want {
			return fault{"handoff-echoed", fmt.Sprintf("The proxy asked the backend for the internal URI %s, as if it were a page.", got)}
		}
	}
	return fault{}
}

// afterHandoff judges answers to requests that did reach the backend.
func afterHandoff(v *diag.View, b, p *diag.Exchange) fault {
	answered := fmt.Sprintf("The proxy answers %s", status(p))
	if p.Status/100 == 2 && p.Body.Length > 0 {
		return content(v, b, p)
	}
	if len(b.Handoffs()) == 0 || p.Status >= 300 && !ofHandoff(v, p) {
		return fault{}
	}
	switch p.Status {
	case 403, 401:
		return fault{"handoff-forbidden", answered + ": it took the handoff and refuses to send what it names."}
	case 404, 410, 301, 302, 307, 308:
		return fault{"handoff-not-found", answered + ": it took the handoff and does not find the file under the name that the handoff gives."}
	case 500:
		return fault{"handoff-loop", answered + ": it took the handoff and failed within itself."}
	}
	if p.Status/100 == 2 {
		return fault{"handoff-ignored", answered + " with an empty body: it passes the backend's answer on and does not act on the handoff."}
	}
	return fault{}
}

// content judges a body that is not the file.
func content(v *diag.View, b, p *diag.Exchange) fault {
	f := v.Fixture(p.Probe.Role)
	if f == nil {
		return fault{}
	}
	size := f.Size
	switch {
	case p.Body.Match == compare.Prefix:
		text := fmt.Sprintf("%s of %d came, the beginning of the file.", bytes(p.Body.Length), size)
		if p.Failure != nil {
			text += " Then: " + p.Failure.Message + "."
		}
		return fault{"proxy-truncated", text}
	case p.Body.Match == compare.Longer, p.Body.FirstDiff >= 16:
		return fault{"proxy-body-altered", fmt.Sprintf("The body is the file, changed: it differs from offset %d on (%s came, the file has %d).",
			p.Body.FirstDiff, bytes(p.Body.Length), size)}
	case len(b.Handoffs()) > 0 && ofHandoff(v, p):
		return fault{"handoff-wrong-content", fmt.Sprintf("The proxy answers %s with another content: %s of %s.",
			status(p), bytes(p.Body.Length), orUnknown(p.Header.Get("Content-Type")))}
	}
	return fault{}
}

func orUnknown(contentType string) string {
	if contentType == "" {
		return "unknown type"
	}
	return contentType
}

func timedOut(x *diag.Exchange) bool {
	return x.Failure != nil && x.Failure.Kind == compare.Timeout
}

func failure(x *diag.Exchange) string {
	if x.Failure == nil {
		return "no answer"
	}
	return x.Failure.Message
}

// decoded is the path of a URL with its escapes decoded.
func decoded(raw string) string {
	if u, err := url.Parse(raw); err == nil {
		return u.Path
	}
	return raw
}

func unescape(path string) string {
	path, _, _ = strings.Cut(path, "?")
	if p, err := url.PathUnescape(path); err == nil {
		return p
	}
	return path
}

// proxyRule is the judge function of a rule that proxyFault decides.
func proxyRule(code string) func(*diag.View) []diag.Finding {
	return func(v *diag.View) []diag.Finding {
		f := proxyFault(v)
		if f.code != code {
			if list := otherFindings(v, code); list != nil {
				return list
			}
			return largeFindings(v, code)
		}
		finding := diag.Finding{Detail: f.detail}
		switch code {
		case "proxy-unreachable", "proxy-timeout", "proxy-body-altered":
			finding.Fix = mend(v.Exchange(diag.ProxyGet), "--proxy")
		}
		if _, fix := misdirected(v); fix != "" {
			finding.Fix = fix
		}
		if v.Exchange(diag.ProxyGet).Answered() {
			finding.Evidence = append(finding.Evidence, download(v), routing(v))
			finding.Evidence = append(finding.Evidence, hops(v, diag.ProxyGet)...)
		} else {
			finding.Evidence = append(finding.Evidence, said(v.Exchange(diag.ProxyGet)))
		}
		alsoAsked(v, code, &finding)
		return []diag.Finding{finding}
	}
}
