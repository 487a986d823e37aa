package check

import (
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

var handoffHeadersDropped = diag.Rule{
	Doc: diag.Doc{
		Code: "handoff-headers-dropped", Part: diag.PartHandoff, Severity: diag.Info,
		Title: "Fields of the backend never reach the client with a handoff",
		Text: "This kind of handoff keeps only some fields of the backend's answer. Others, such as CORS, " +
			"security and custom fields, are dropped; what must reach the client is to be set in the proxy.",
		Fix:    "Set the fields that matter in the location that sends the files.",
		Before: "backend: Access-Control-Allow-Origin: *      client: no such field",
		After:  "the proxy adds Access-Control-Allow-Origin: * where it sends the files",
		Source: "tried on the real servers",
	},
	Check: checkHeaders,
	Judge: judgeHeadersDropped,
}

func judgeHeadersDropped(v *diag.View) []diag.Finding {
	if len(v.Exchange(diag.BackendGet).Handoffs()) == 0 {
		return nil
	}
	return headerFinding(v, "What the handoff drops", func(d compare.Difference) bool {
		return d.Verdict == compare.AsExpected && len(d.Backend) > 0 && len(d.Proxy) == 0 && !ofNoUse(d.Field)
	})
}

// ofNoUse says that nobody misses the field behind a proxy that sends the
// file: it is about the backend's own answer, or the proxy makes its own.
func ofNoUse(name string) bool {
	name = strings.ToLower(name)
	switch name {
	case "content-length", "content-encoding", "transfer-encoding", "connection", "keep-alive", "date", "server", "via",
		"etag", "last-modified", "accept-ranges", "vary", "x-powered-by", "x-runtime", "x-request-id", "x-generator":
		return true
	}
	if strings.HasPrefix(name, "x-accel-") {
		return true
	}
	return slices.ContainsFunc(sendfile.Headers(), func(h string) bool { return strings.EqualFold(h, name) })
}
