package check

import (
	"fmt"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// answer describes what came back for a probe in one line.
func answer(x *diag.Exchange) string {
	switch {
	case x == nil:
		return "not asked"
	case !x.Answered() && x.Failure != nil:
		return "no answer: " + x.Failure.Message
	case !x.Answered():
		return "no answer"
	}
	text := status(x)
	if x.Failure != nil {
		text += ", then: " + x.Failure.Message
	}
	return text
}

// status is the status line without its protocol.
func status(x *diag.Exchange) string {
	_, rest, found := strings.Cut(x.StatusLine, " ")
	if !found {
		return fmt.Sprint(x.Status)
	}
	return rest
}

// body describes a body against what was expected.
func body(x *diag.Exchange) string {
	if !x.Answered() {
		return ""
	}
	n := bytes(x.Body.Length)
	switch x.Body.Match {
	case compare.Equal:
		return n + ", the stored file"
	case compare.Empty:
		return "empty"
	case compare.Prefix:
		return n + ", the file's beginning only"
	case compare.Longer:
		return n + ", the file and more"
	case compare.Differs:
		return fmt.Sprintf("%s, not the file (differs at offset %d)", n, x.Body.FirstDiff)
	}
	if x.Body.Length == 0 {
		return "empty"
	}
	return n
}

// bytes writes a number of bytes with its unit.
func bytes(n int64) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}

// said is an exchange as evidence: which request, and what came back.
func said(x *diag.Exchange) diag.Evidence {
	text := fmt.Sprintf("%s %s\n→ %s", x.Request.Method, x.Request.URL, answer(x))
	if x.Answered() {
		text += ", body: " + body(x)
	}
	if x.Probe.Without != nil {
		text = "without " + strings.Join(x.Probe.Without, ", ") + ": " + text
	}
	if strings.HasPrefix(x.Probe.ID, backendForwarded) {
		text = fields(x) + "\n" + text
	}
	if x.Probe.Host != "" {
		text = "Host: " + x.Probe.Host + ", " + text
	}
	return diag.Evidence{Kind: diag.EvidenceExchange, Text: text, Probe: x.Probe.ID}
}

// download compares the plain GET on both ports with what is expected there.
func download(v *diag.View) diag.Evidence {
	b, p := v.Exchange(diag.BackendGet), v.Exchange(diag.ProxyGet)
	e := diag.Evidence{Kind: diag.EvidenceDiff, Probe: diag.ProxyGet, Text: "the same download on both ports"}
	e.Rows = append(e.Rows, diag.Row{Field: "Status", Backend: answer(b), Proxy: answer(p), Expected: "200 on both"})
	for _, f := range b.Handoffs() {
		row := diag.Row{Field: f.Name, Backend: f.Value, Expected: "on the backend port only"}
		if p != nil {
			row.Proxy = strings.Join(p.Header.Values(f.Name), ", ")
		}
		e.Rows = append(e.Rows, row)
	}
	for _, name := range []string{"Location", "WWW-Authenticate", "Server"} {
		row := diag.Row{Field: name}
		if b.Answered() {
			row.Backend = b.Header.Get(name)
		}
		if p.Answered() {
			row.Proxy = p.Header.Get(name)
		}
		if row.Proxy != "" {
			e.Rows = append(e.Rows, row)
		}
	}
	e.Rows = append(e.Rows, diag.Row{Field: "Body", Backend: body(b), Proxy: body(p), Expected: "the stored file at the proxy"})
	return e
}

// seen tells what reached the companion for a probe.
func seen(x *diag.Exchange) diag.Evidence {
	if len(x.Seen) == 0 {
		return diag.Evidence{Kind: diag.EvidenceSeen, Probe: x.Probe.ID,
			Text: "the backend port saw no request for " + x.Request.Method + " " + x.Request.URL}
	}
	var lines []string
	for _, s := range x.Seen {
		lines = append(lines, fmt.Sprintf("%s %s (Host: %s) → %d", s.Method, s.Path, s.Host, s.Status))
	}
	return diag.Evidence{Kind: diag.EvidenceSeen, Probe: x.Probe.ID,
		Text: "the backend port saw: " + strings.Join(lines, ", then ")}
}

// routing is what is known about whether the download reached the backend.
func routing(v *diag.View) diag.Evidence {
	x := v.Exchange(diag.ProxyGet)
	if v.Stack.Companion && x != nil {
		return seen(x)
	}
	_, why := v.Reached(diag.ProxyGet)
	return diag.Evidence{Kind: diag.EvidenceExchange, Text: why, Probe: diag.ProxyGet}
}
