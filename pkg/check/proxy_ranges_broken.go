package check

import (
	"fmt"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var proxyRangesBroken = diag.Rule{
	Doc: diag.Doc{
		Code: "proxy-ranges-broken", Part: diag.PartProxy, Severity: diag.Warning,
		Title: "Parts of a file cannot be downloaded",
		Text: "Asked for a range of the file, the proxy sends the whole file, other bytes, or a wrong Content-Range. " +
			"Players cannot seek, interrupted downloads begin anew, and wrong bytes spoil what was there.",
		Fix: "Allow ranges where the proxy sends the files, and take filters off that need the whole body " +
			"(compression, replacing text).",
		Before: `GET /dl/a.bin, Range: bytes=0-99 → 200, 163877 bytes`,
		After:  `GET /dl/a.bin, Range: bytes=0-99 → 206, Content-Range: bytes 0-99/163877`,
		Source: "RFC 9110 (HTTP Semantics) section 14",
	},
	Check: checkRanges,
	Judge: judgeRangesBroken,
}

func judgeRangesBroken(v *diag.View) []diag.Finding {
	size, ok := rangedSize(v)
	if !ok || !proxyAnswersRanges(v, size) {
		return nil
	}
	asks := append(rangeAsks(size, strongETag(v.Exchange(diag.ProxyGet))), oddRangeAsks(size)...)
	var rows []diag.Row
	var faults []string
	sent, probe := 0, ""
	for _, a := range asks {
		x := v.Exchange(a.id)
		if !x.Answered() || a.ifRange != "" && !steadyETag(v) {
			continue
		}
		if sent++; probe == "" {
			probe = a.id
		}
		fault := a.fault(x, a, size)
		if fault == "" {
			continue
		}
		asked := "Range: " + a.value
		if a.ifRange != "" {
			asked += ", If-Range: " + a.ifRange
		}
		rows = append(rows, diag.Row{Field: asked, Proxy: rangeAnswer(x), Expected: a.expected, Meaning: fault})
		if text := fmt.Sprintf("%s for %s", fault, asked); len(faults) < 3 {
			faults = append(faults, text)
		}
	}
	if rows == nil {
		return nil
	}
	finding := rangesFinding(sent, probe, rows, faults)
	if ignored := v.Exchange(proxyRangeMiddle); ignored.Delivers() {
		if odd, soft := conditionRowsWith(v, true); odd != nil && soft {
			finding.Detail += " Conditional requests bring the whole file as well: something on the way, a cache for example, takes both off."
			finding.Fix = "Where a cache stands in front, let it pass Range and the conditions on for what it does not keep, or cut the ranges itself, or leave the downloads out of it."
		}
	}
	return []diag.Finding{finding}
}

// rangesFinding tells which of the ways to ask for a range fail.
func rangesFinding(sent int, probe string, rows []diag.Row, faults []string) diag.Finding {
	return diag.Finding{
		Detail: fmt.Sprintf("Of %d ways to ask for parts of the file %d fail: %s.", sent, len(rows), strings.Join(faults, "; ")),
		Evidence: []diag.Evidence{{Kind: diag.EvidenceDiff, Text: "requests for ranges at the proxy port", Rows: rows,
			Probe: probe}},
	}
}

// rangeAnswer is what came for a range, in a few words.
func rangeAnswer(x *diag.Exchange) string {
	text := answer(x)
	if value := x.Header.Get("Content-Range"); value != "" {
		text += ", Content-Range: " + value
	}
	return text + ", " + bytes(x.Body.Length)
}

// proxyAnswersRanges says that ranges are the proxy's affair: the backend
// hands off and does not refuse the field, or it sends the file itself and
// its own port answers ranges as it should.
func proxyAnswersRanges(v *diag.View, size int64) bool {
	b := v.Exchange(backendRange)
	if len(v.Exchange(diag.BackendGet).Handoffs()) > 0 {
		return !b.Answered() || b.Status < 300 || b.Status == 416
	}
	if !b.Answered() {
		return false
	}
	for _, a := range rangeAsks(size, "") {
		if a.id == proxyRangeMiddle {
			return a.fault(b, a, size) == ""
		}
	}
	return false
}

// steadyETag says that two answers to the same request had the same ETag: with
// others no condition can be judged.
func steadyETag(v *diag.View) bool {
	first, again := v.Exchange(diag.ProxyGet), v.Exchange(diag.ProxyAgain)
	return !again.Answered() || first.Header.Get("ETag") == again.Header.Get("ETag")
}
