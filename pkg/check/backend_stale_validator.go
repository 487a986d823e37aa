package check

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var backendStaleValidator = diag.Rule{
	Doc: diag.Doc{
		Code: "backend-stale-validator", Part: diag.PartBackend, Severity: diag.Warning,
		Title: "The backend's validator stays the same when the file changes",
		Text: "The backend sends an ETag or Last-Modified with its handoff that this proxy passes on, or answers 304 " +
			"by itself, and a file that was rewritten in a later second has the same one. Clients keep the old " +
			"file for ever, and a download that is resumed is put together from two files. Middleware that " +
			"makes an ETag from the body does this: the body of a handoff is always empty.",
		Fix: "Send no ETag and no Last-Modified with a handoff, so that the proxy makes them from the file, or ones that " +
			"change with the file (its time and size, a version). Take middleware for conditional requests off " +
			"answers that hand off.",
		Before: `# the ETag is the digest of nothing, for every file
X-Sendfile: /srv/media/a.bin
ETag: "d41d8cd98f00b204e9800998ecf8427e"`,
		After:  "X-Sendfile: /srv/media/a.bin",
		Source: "RFC 9110 (HTTP Semantics) sections 8.8 and 13.1; tried on the real servers",
	},
	Check: checkConditions,
	Judge: judgeStaleValidator,
}

func judgeStaleValidator(v *diag.View) []diag.Finding {
	rows := staleRows(v)
	if rows == nil {
		return nil
	}
	c := shorter()
	b := v.Exchange(OnBackend(c.get()))
	detail := fmt.Sprintf("A file was rewritten in place, %s in place of %s, in a later second. ", bytes(v.Fixture(c.to).Size), bytes(v.Fixture(c.from).Size))
	if backendDoes(b) {
		detail += "Asked with the validators from before, the backend itself answers " + status(b) + "."
	} else {
		detail += "The backend sends the same as before: " + validatorsOf(b) + "."
	}
	detail += fmt.Sprintf(" Through the proxy comes %s for %s.", rows[0].Proxy, rows[0].Field)
	return []diag.Finding{{Detail: detail, Evidence: []diag.Evidence{
		said(b), {Kind: diag.EvidenceDiff, Text: "requests with the validators from before, at the proxy port", Probe: c.get(), Rows: rows},
	}}}
}

func validatorsOf(x *diag.Exchange) string {
	text := ""
	for _, name := range []string{"ETag", "Last-Modified"} {
		if value := x.Header.Get(name); value != "" && text != "" {
			text += ", " + name + ": " + value
		} else if value != "" {
			text = name + ": " + value
		}
	}
	return text
}

// staleRows are the requests with old validators that did not bring the changed
// file, where the validator is the backend's. Only the change in a later second
// counts: within one a date, and what is made of it, may stay.
func staleRows(v *diag.View) []diag.Row {
	c := shorter()
	first, b := c.first(v), v.Exchange(OnBackend(c.get()))
	if settledAnswer(v, c.get()) != nil || settledAnswer(v, c.getAgain()) != nil || !b.Answered() || b.Status >= 400 {
		return nil
	}
	var rows []diag.Row
	for _, id := range []string{c.noneMatch(), c.modified(), c.ifRange()} {
		x := settledAnswer(v, id)
		if x == nil || x.Status != 304 && x.Status != 206 || id == c.ifRange() && judgeHandlesRange(v) != nil {
			continue
		}
		if b.Status == 304 || sameValidator(b, first, id == c.modified()) {
			rows = append(rows, changeRow(v, c, x))
		}
	}
	return rows
}

// unsettled says that the first change shows the backend's validator unchanged.
func unsettled(v *diag.View) bool {
	c := longer()
	first, b := c.first(v), v.Exchange(OnBackend(c.get()))
	return b.Answered() && (b.Status == 304 || sameValidator(b, first, false) || sameValidator(b, first, true))
}
