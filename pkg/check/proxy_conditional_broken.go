package check

import (
	"fmt"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

var proxyConditionalBroken = diag.Rule{
	Doc: diag.Doc{
		Code: "proxy-conditional-broken", Part: diag.PartProxy, Severity: diag.Warning,
		Title: "The proxy's validators do not tell versions apart",
		Text: "A client that has a copy asks with the validators of it (ETag, Last-Modified). 304 for a copy that " +
			"is not the current one leaves clients with old files, for ever; so does one ETag for all files. 200 " +
			"for a copy that is the current one sends the whole file each time.",
		Fix: "Let the proxy make ETag and Last-Modified from the file, or let the application send an ETag that " +
			"changes with the content and the proxy pass it on.",
		Before: `ETag: "0" for every file; the file changes; If-None-Match: "0" → 304`,
		After:  `ETag: "5f5e100-1f4"; the file changes; If-None-Match: "5f5e100-1f4" → 200, the new file`,
		Source: "RFC 9110 (HTTP Semantics) sections 8.8 and 13.1",
	},
	Check: checkConditions,
	Judge: judgeConditional,
}

func judgeConditional(v *diag.View) []diag.Finding {
	if !v.Delivered() || len(v.Exchange(diag.BackendGet).Handoffs()) == 0 {
		return nil
	}
	rows, soft := conditionRows(v)
	changed := changeRows(v)
	rows = append(rows, changed...)
	if rows == nil || takenOff(v) {
		return nil
	}
	var said []string
	for _, r := range rows {
		said = append(said, r.Field+" → "+r.Proxy)
	}
	finding := diag.Finding{
		Detail:   strings.Join(said, "; ") + ".",
		Evidence: []diag.Evidence{{Kind: diag.EvidenceDiff, Text: "conditional requests at the proxy port", Probe: diag.ProxyGet, Rows: rows}},
	}
	if soft && changed == nil {
		finding.Severity = diag.Info
	}
	return []diag.Finding{finding}
}

// rangesIgnored says that no range comes either: something on the way takes
// both fields off, which is one fault.
func rangesIgnored(v *diag.View) bool {
	x := v.Exchange(proxyRangeMiddle)
	return x.Delivers() && judgeRangesBroken(v) != nil
}

// takenOff says that all that is wrong with conditional requests is that they
// are ignored, as ranges are: see proxy-ranges-broken.
func takenOff(v *diag.View) bool {
	rows, soft := conditionRows(v)
	return rows != nil && soft && rangesIgnored(v) && changeRows(v) == nil
}

// conditionRows are the conditional requests that the proxy answers wrongly;
// soft says that none of them does harm beyond a transfer.
func conditionRows(v *diag.View) (rows []diag.Row, soft bool) {
	return conditionRowsWith(v, rangesIgnored(v))
}

// conditionRowsWith is conditionRows where it is known whether ranges are ignored too.
func conditionRowsWith(v *diag.View, ignored bool) (rows []diag.Row, soft bool) {
	get := v.Exchange(diag.ProxyGet)
	soft = true
	for _, c := range append(conditions(get), oddConditions(get)...) {
		x := v.Exchange(c.id)
		if !x.Answered() || conditionFault(x, c) == "" || !steadyETag(v) || backendDoes(v.Exchange(OnBackend(c.id))) {
			continue
		}
		soft = soft && x.Delivers() && (c.soft || ignored)
		rows = append(rows, diag.Row{Field: fields(x), Proxy: answer(x), Expected: string(c.want), Meaning: conditionFault(x, c)})
	}
	return rows, soft
}

// changeRows are the requests with old validators that did not bring the
// changed file, where a plain request does.
func changeRows(v *diag.View) []diag.Row {
	var rows []diag.Row
	for _, c := range []change{longer(), shorter()} {
		first, b := c.first(v), v.Exchange(OnBackend(c.get()))
		if settledAnswer(v, c.get()) != nil || settledAnswer(v, c.getAgain()) != nil || backendDoes(b) {
			continue
		}
		for _, id := range []string{c.noneMatch(), c.modified(), c.ifRange()} {
			x := settledAnswer(v, id)
			if id == c.ifRange() && judgeHandlesRange(v) != nil {
				continue
			}
			if x == nil || x.Status != 304 && x.Status != 206 || sameValidator(b, first, id == c.modified()) {
				continue
			}
			rows = append(rows, changeRow(v, c, x))
		}
	}
	return rows
}

// changeRow is a request with an old validator that did not bring the changed file.
func changeRow(v *diag.View, c change, x *diag.Exchange) diag.Row {
	return diag.Row{Field: fields(x), Proxy: answer(x), Expected: string(whole),
		Meaning: fmt.Sprintf("the validator is that of the file before it changed from %s to %s",
			bytes(v.Fixture(c.from).Size), bytes(v.Fixture(c.to).Size))}
}

// backendDoes says that the backend, asked the same on its own port, does not
// hand off: what the client sees is its answer.
func backendDoes(b *diag.Exchange) bool {
	return b.Answered() && (b.Status >= 300 || len(b.Handoffs()) == 0)
}

// sameValidator says that the validator which does not change with the file is
// the backend's own.
func sameValidator(b, first *diag.Exchange, date bool) bool {
	name := "ETag"
	if date {
		name = "Last-Modified"
	}
	return b.Answered() && b.Header.Has(name) && b.Header.Get(name) == first.Header.Get(name)
}

// fields are the fields that a probe was sent with.
func fields(x *diag.Exchange) string { return written(x.Probe.Header) }

func written(h compare.Header) string {
	var list []string
	for _, f := range h {
		list = append(list, f.Name+": "+f.Value)
	}
	return strings.Join(list, ", ")
}
