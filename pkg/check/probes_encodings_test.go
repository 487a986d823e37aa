package check

import (
	"testing"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// packed is the file in gzip.
func packed(id, role, mediaType, etag string) diag.Exchange {
	x := got(id, 200, 900, "Content-Type", mediaType, "Content-Encoding", "gzip", "ETag", etag)
	x.Probe.Role = role
	x.Request.Header = compare.Header{{Name: "Accept-Encoding", Value: "gzip"}}
	x.Body.Declared, x.Body.Match = -1, compare.Differs
	x.Parts = &diag.Parts{Coding: "gzip", Match: compare.Equal}
	return x
}

func TestEncodings(t *testing.T) {
	const octets, weak = "application/octet-stream", "W/" + recordedETag
	marked := func(id string) diag.Exchange {
		return changed(got(id, 200, 0, "X-Accel-Redirect", "/protected/main.bin", "Content-Encoding", "gzip"), func(x *diag.Exchange) { x.Probe.Port = diag.Backend })
	}
	judgeAll(t, []judgeTest{
		{"as it is", record(plain(proxyGzip), plain(proxyBrotli), plain(proxyIdentity)), nil},
		{"packed", record(packed(proxyGzip, diag.RoleMain, octets, weak)), []string{"proxy-compressed-download warning"}},
		{"packed beforehand: length and ranges are there", record(changed(packed(proxyGzip, diag.RoleMain, octets, `"packed"`), func(x *diag.Exchange) {
			x.Body.Declared = 900
			x.Header = append(x.Header, compare.Field{Name: "Accept-Ranges", Value: "bytes"})
		})), nil},
		{"text packed", record(packed("proxy-txt", "txt", "text/plain; charset=utf-8", weak)).file("txt", 20000), nil},
		{"a type of downloads packed", record(packed("proxy-pdf", "pdf", "application/pdf", weak)).file("pdf", 20000), []string{"proxy-compressed-download warning"}},
		{"packed though nothing is accepted", record(changed(packed(proxyIdentity, diag.RoleMain, "text/plain", weak), func(x *diag.Exchange) {
			x.Request.Header[0].Value = "identity"
		})), []string{"proxy-compressed-download warning"}},
		{"packed, and something else", record(changed(packed(proxyGzip, diag.RoleMain, "text/html", weak), func(x *diag.Exchange) { x.Parts.Match = compare.Differs })),
			[]string{"proxy-body-altered error"}},
		{"the mark of the backend at the plain file", record(marked(backendGzip), plain(proxyGzip, "Content-Encoding", "gzip")), []string{"backend-content-encoding error"}},
		{"the mark of the backend, removed", record(marked(backendGzip), plain(proxyGzip)), nil},
	})
}

func TestTypes(t *testing.T) {
	of := func(id, role string, status int, match compare.Match, fields ...string) diag.Exchange {
		x := got(id, status, 100, fields...)
		x.Probe.Role, x.Body.Match = role, match
		x.Body.FirstDiff = 0
		return x
	}
	handsOff := changed(of(OnBackend("proxy-html"), "html", 200, compare.Empty, "X-Accel-Redirect", "/protected/html.bin"), func(x *diag.Exchange) { x.Probe.Port = diag.Backend })
	with := func(exchanges ...diag.Exchange) recorded {
		return record(exchanges...).file("html", 20000)
	}
	altered := changed(of("proxy-html", "html", 200, compare.Differs), func(x *diag.Exchange) { x.Body.FirstDiff = 6000 })
	judgeAll(t, []judgeTest{
		{"arrives", with(of("proxy-html", "html", 200, compare.Equal)), nil},
		{"not found", with(of("proxy-html", "html", 404, compare.Differs), handsOff), []string{"handoff-not-found error"}},
		{"refused by a rule for such files", with(of("proxy-html", "html", 403, compare.Differs), handsOff), nil},
		{"altered", with(altered, handsOff), []string{"proxy-body-altered error"}},
		{"cut off", with(of("proxy-html", "html", 200, compare.Prefix), handsOff), []string{"proxy-truncated error"}},
		{"slow", with(changed(of("proxy-html", "html", 200, compare.Prefix), func(x *diag.Exchange) {
			x.Failure = &compare.Failure{Kind: compare.Timeout}
		}), handsOff), nil},
		{"refused by the application", with(of("proxy-html", "html", 404, compare.Differs), changed(handsOff, func(x *diag.Exchange) { x.Status, x.Header = 404, nil })), nil},
		{"the backend was not asked", with(of("proxy-html", "html", 404, compare.Differs)), nil},
	})
	lost := with(of("proxy-html", "html", 404, compare.Differs), handsOff)
	lost.Exchanges[2].Seen = nil
	judgeAll(t, []judgeTest{{"never reached the application", lost, []string{"proxy-not-routed error"}}})
}

func TestThrottled(t *testing.T) {
	mib := func(ms float64) recorded {
		x := plain("proxy-" + roleMiB)
		x.Probe.Role, x.Body.Length, x.Timing = roleMiB, 1<<20, compare.Timing{FirstByte: 2, Total: ms}
		return record(x).file(roleMiB, 1<<20)
	}
	judgeAll(t, []judgeTest{
		{"fast", mib(20), nil},
		{"slow", mib(3000), []string{"proxy-throttled info"}},
		{"slow to begin", func() recorded {
			r := mib(3000)
			r.Exchanges[2].Timing.FirstByte = 2990
			return r
		}(), nil},
	})
}
