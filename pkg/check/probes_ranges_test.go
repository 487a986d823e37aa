package check

import (
	"testing"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// asksOf are all asks for the recorded file, by id.
func asksOf() map[string]rangeAsk {
	asks := map[string]rangeAsk{}
	for _, a := range append(rangeAsks(recordedSize, recordedETag), oddRangeAsks(recordedSize)...) {
		asks[a.id] = a
	}
	return asks
}

func TestRangeAsks(t *testing.T) {
	asks := asksOf()
	two := part("", 0, 99)
	two.Parts.Ranges = append(two.Parts.Ranges, diag.Range{First: 800, Last: 899, Total: -1, Match: compare.Equal})
	wrong := func(change func(x *diag.Exchange)) diag.Exchange { return changed(part("", 0, 0), change) }
	for _, test := range []struct {
		name, ask string
		x         diag.Exchange
		fault     bool
	}{
		{"the byte", "proxy-range-first", part("", 0, 0), false},
		{"whole file instead", "proxy-range-first", plain(""), true},
		{"another range", "proxy-range-first", part("", 1, 1), true},
		{"other bytes", "proxy-range-first", wrong(func(x *diag.Exchange) { x.Parts.Match = compare.Differs }), true},
		{"no Content-Range", "proxy-range-first", wrong(func(x *diag.Exchange) { x.Parts = &diag.Parts{Failure: "no range"} }), true},
		{"another length", "proxy-range-first", wrong(func(x *diag.Exchange) { x.Parts.Ranges[0].Total = 7 }), true},
		{"unknown length", "proxy-range-first", wrong(func(x *diag.Exchange) { x.Parts.Ranges[0].Total = -1 }), false},
		{"cut off", "proxy-range-first", wrong(func(x *diag.Exchange) { x.Failure = &compare.Failure{Message: "cut"} }), true},
		{"refused", "proxy-range-first", got("", 416, 0), true},
		{"error", "proxy-range-first", got("", 500, 10), true},
		{"less than asked for", proxyRangeMiddle, part("", recordedSize/3, recordedSize/3+9), false},
		{"suffix", "proxy-range-suffix", part("", 1500, 1599), false},
		{"suffix taken for an offset", "proxy-range-suffix", part("", 100, 1599), true},
		{"open", "proxy-range-open", part("", 1500, 1599), false},
		{"beyond", proxyRangeBeyond, got("", 416, 0, "Content-Range", "bytes */1600"), false},
		{"beyond, without the length", proxyRangeBeyond, got("", 416, 0), false},
		{"beyond, another length", proxyRangeBeyond, got("", 416, 0, "Content-Range", "bytes */0"), true},
		{"beyond, ignored", proxyRangeBeyond, plain(""), false},
		{"beyond, a range", proxyRangeBeyond, part("", 0, 0), true},
		{"beyond, nothing", proxyRangeBeyond, got("", 200, 0), true},
		{"several", "proxy-range-several", two, false},
		{"several, whole file", "proxy-range-several", plain(""), false},
		{"several, refused", "proxy-range-several", got("", 416, 0), true},
		{"several, no multipart", "proxy-range-several", changed(two, func(x *diag.Exchange) { x.Parts = &diag.Parts{Failure: "no boundary"} }), true},
		{"If-Range, current", "proxy-if-range", part("", 0, 0), false},
		{"If-Range, current, whole", "proxy-if-range", plain(""), true},
		{"If-Range, another", "proxy-if-range-other", plain(""), false},
		{"If-Range, another, a range", "proxy-if-range-other", part("", 0, 0), true},
		{"malformed, ignored", "proxy-range-malformed", plain(""), false},
		{"malformed, refused", "proxy-range-malformed", got("", 416, 0), false},
		{"malformed, bad request", "proxy-range-malformed", got("", 400, 0), false},
		{"malformed, a range", "proxy-range-malformed", part("", 0, 0), true},
		{"another unit", "proxy-range-unit", plain(""), false},
		{"another unit, error", "proxy-range-unit", got("", 500, 0), true},
		{"longer than the file", "proxy-range-too-long", part("", 0, 1599), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			a, ok := asks[test.ask]
			if !ok {
				t.Fatalf("no ask %s", test.ask)
			}
			if fault := a.fault(&test.x, a, recordedSize); (fault != "") != test.fault {
				t.Errorf("fault %q", fault)
			}
		})
	}
}

func TestRanges(t *testing.T) {
	own := func(status int, fields ...string) diag.Exchange {
		x := got(backendRange, status, 0, fields...)
		x.Probe.Port = diag.Backend
		return x
	}
	streams := func(exchanges ...diag.Exchange) recorded {
		r := record(exchanges...)
		r.Exchanges[0] = plain(diag.BackendGet)
		return r
	}
	judgeAll(t, []judgeTest{
		{"as they should be", record(part(proxyRangeMiddle, 533, 633), own(200, "X-Accel-Redirect", "/protected/main.bin")), nil},
		{"ignored", record(plain(proxyRangeMiddle), own(200, "X-Accel-Redirect", "/protected/main.bin")), []string{"proxy-ranges-broken warning"}},
		{"the backend answers 206", record(plain(proxyRangeMiddle), own(206, "X-Accel-Redirect", "/protected/main.bin")), []string{"backend-handles-range warning"}},
		{"the backend answers 206 and all is well", record(part(proxyRangeMiddle, 533, 633), own(206)), []string{"backend-handles-range warning"}},
		{"the backend refuses ranges", record(got(proxyRangeMiddle, 500, 9), own(500)), nil},
		{"the backend streams and knows no ranges", streams(plain(proxyRangeMiddle), plain(backendRange)), []string{"backend-not-offloading warning"}},
		{"the backend streams ranges, the proxy does not", streams(plain(proxyRangeMiddle), part(backendRange, 533, 633)),
			[]string{"backend-not-offloading warning", "proxy-ranges-broken warning"}},
		{"the ETag differs each time", record(plain("proxy-if-range"), changed(plain(diag.ProxyAgain), func(x *diag.Exchange) { x.Header[0].Value = `"b"` })), nil},
	})
}
