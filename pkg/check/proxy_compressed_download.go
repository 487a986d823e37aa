package check

import (
	"fmt"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

var proxyCompressedDownload = diag.Rule{
	Doc: diag.Doc{
		Code: "proxy-compressed-download", Part: diag.PartProxy, Severity: diag.Warning,
		Title: "Downloads are packed on the fly",
		Text: "To a client that accepts gzip or Brotli, as every browser does, the proxy sends a file that is no " +
			"text in a content coding: without its length, so that no progress shows, and without ranges, so that " +
			"nobody can seek or resume; and such files hardly get smaller. Packed text is not reported.",
		Fix:    "Take the types of downloads off the proxy's compression, or switch it off where it sends the files.",
		Before: `Accept-Encoding: gzip → 200, Content-Encoding: gzip, no Content-Length, no Accept-Ranges`,
		After:  `Accept-Encoding: gzip → 200, Content-Length: 163877, Accept-Ranges: bytes`,
		Source: "RFC 9110 (HTTP Semantics) sections 8.4, 8.8.3.3 and 12.5.3",
	},
	Check: checkEncodings,
	Judge: judgeCompressed,
}

func judgeCompressed(v *diag.View) []diag.Finding {
	if !v.Delivered() || len(v.Exchange(diag.BackendGet).Handoffs()) == 0 {
		return nil
	}
	ids := []string{proxyIdentity, proxyGzip, proxyBrotli}
	for _, k := range kinds() {
		ids = append(ids, k.probe())
	}
	var rows []diag.Row
	var types []string
	probe := ""
	for _, id := range ids {
		x := v.Exchange(id)
		harm := packingHarm(v, x)
		if harm == "" {
			continue
		}
		if probe == "" {
			probe = id
		}
		if t := mediaType(x); !contains(types, t) {
			types = append(types, t)
		}
		rows = append(rows, diag.Row{Field: mediaType(x) + ", " + fields(x), Proxy: answer(x) + ", Content-Encoding: " + coding(x),
			Expected: "the file as it is", Meaning: harm})
	}
	if rows == nil {
		return nil
	}
	return []diag.Finding{{
		Detail:   fmt.Sprintf("The proxy packs %s: %s.", strings.Join(types, ", "), rows[0].Meaning),
		Evidence: []diag.Evidence{{Kind: diag.EvidenceDiff, Text: "requests that accept a content coding", Probe: probe, Rows: rows}},
	}}
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// packingHarm says what is lost by packing an answer, "" where it is not
// packed, where that is usual, or where nothing is lost.
func packingHarm(v *diag.View, x *diag.Exchange) string {
	if coding(x) == "" || x.Status != 200 || mislabelled(x) {
		return ""
	}
	if x.Request.Header.Get("Accept-Encoding") == "identity" {
		return "the client accepts no coding"
	}
	if worthPacking(mediaType(x)) {
		return ""
	}
	var lost []string
	if x.Body.Declared < 0 {
		lost = append(lost, "no length")
	}
	plain := v.Exchange(diag.ProxyGet)
	if !x.Header.Has("Accept-Ranges") && plain.Header.Has("Accept-Ranges") {
		lost = append(lost, "no ranges")
	} else if r := v.Exchange(proxyGzipRange); r.Answered() && r.Status == 200 && v.Exchange(proxyRangeMiddle).Answered() &&
		v.Exchange(proxyRangeMiddle).Status == 206 {
		lost = append(lost, "no ranges")
	}
	if etag := strongETag(x); etag != "" && x.Probe.Role == diag.RoleMain && etag == plain.Header.Get("ETag") {
		lost = append(lost, "the packed and the plain file have the same strong ETag")
	}
	return strings.Join(lost, ", ")
}

// packedWrongly says that the answer is packed and does not unpack to the file.
func packedWrongly(x *diag.Exchange) bool {
	return coding(x) != "" && x.Status == 200 && x.Parts != nil && !mislabelled(x) && x.Failure == nil &&
		(x.Parts.Match != compare.NotCompared && x.Parts.Match != compare.Equal)
}
