package check

import (
	"testing"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// same is an answer for the client that has the current file.
func same(id string) diag.Exchange {
	return changed(got(id, 304, 0, "ETag", recordedETag), func(x *diag.Exchange) { x.Body.Declared = -1 })
}

func TestConditions(t *testing.T) {
	broken := []string{"proxy-conditional-broken warning"}
	slight := []string{"proxy-conditional-broken info"}
	backend := func(id string, status int, fields ...string) diag.Exchange {
		return changed(got(OnBackend(id), status, 0, fields...), func(x *diag.Exchange) { x.Probe.Port = diag.Backend })
	}
	volatile := changed(plain(diag.ProxyAgain), func(x *diag.Exchange) { x.Header[0].Value = `"another"` })
	judgeAll(t, []judgeTest{
		{"as they should be", record(same("proxy-if-none-match"), plain("proxy-if-none-match-other"), same("proxy-if-modified-since"),
			plain("proxy-if-modified-since-before"), plain("proxy-if-none-match-other-and-since"), same("proxy-if-none-match-any"),
			same("proxy-if-none-match-weak"), plain("proxy-if-modified-since-later")), nil},
		{"the current one is sent again", record(plain("proxy-if-none-match")), broken},
		{"the date alone does not count", record(same("proxy-if-none-match"), plain("proxy-if-modified-since")), slight},
		{"the weak form does not count", record(same("proxy-if-none-match"), plain("proxy-if-none-match-weak")), slight},
		{"another ETag is taken for the current one", record(same("proxy-if-none-match-other")), broken},
		{"the date wins over another ETag", record(same("proxy-if-none-match-other-and-since")), broken},
		{"an old date is taken for the current one", record(same("proxy-if-modified-since-before")), broken},
		{"any, ignored", record(plain("proxy-if-none-match-any")), nil},
		{"any, refused", record(got("proxy-if-none-match-any", 412, 0)), broken},
		{"neither ranges nor conditions get through", record(plain("proxy-if-none-match"), plain(proxyRangeMiddle)),
			[]string{"proxy-ranges-broken warning"}},
		{"the backend says so", record(same("proxy-if-none-match-other"), backend("proxy-if-none-match-other", 304)), nil},
		{"the backend hands off all the same", record(same("proxy-if-none-match-other"),
			backend("proxy-if-none-match-other", 200, "X-Accel-Redirect", "/protected/main.bin")), broken},
		{"the ETag differs each time", record(plain("proxy-if-none-match"), volatile), nil},
		{"304 and a handoff", record(changed(got(backendNotModified, 304, 0, "X-Accel-Redirect", "/protected/main.bin"),
			func(x *diag.Exchange) { x.Probe.Port = diag.Backend })), []string{"backend-handoff-on-error warning"}},
		{"304 without one", record(changed(same(backendNotModified), func(x *diag.Exchange) { x.Probe.Port = diag.Backend })), nil},
	})
}

func TestConditionsOfNothing(t *testing.T) {
	x := changed(plain(""), func(x *diag.Exchange) { x.Header = nil })
	if list := append(conditions(&x), oddConditions(&x)...); list != nil {
		t.Errorf("asked without a validator: %v", list)
	}
}

func TestChanges(t *testing.T) {
	const e, f = `"old"`, `"new"`
	// of is an answer about the file that changes.
	of := func(id, role string, status int, etag string, match compare.Match) diag.Exchange {
		x := got(id, status, 50000, "ETag", etag)
		x.Probe.Role, x.Body.Match = role, match
		return x
	}
	grown := func(exchanges ...diag.Exchange) recorded {
		r := record(append([]diag.Exchange{of("proxy-grow", "grow", 200, e, compare.Equal)}, exchanges...)...)
		return r.file("grow", growSize).file("longer", longer().size)
	}
	fresh := of("proxy-longer", "longer", 200, f, compare.Equal)
	old := of("proxy-longer", "longer", 200, e, compare.Differs)
	cut := of("proxy-longer-again-later", "longer", 200, f, compare.Prefix)
	unchanged := of("proxy-longer-if-none-match", "longer", 304, e, compare.NotCompared)
	again := func(x diag.Exchange) diag.Exchange {
		return changed(x, func(x *diag.Exchange) { x.Probe.ID = later(x.Probe.ID) })
	}
	handsOff := func(etag string) diag.Exchange {
		x := got("backend-for-proxy-longer", 200, 0, "X-Accel-Redirect", "/protected/longer.bin")
		x.Probe.Port = diag.Backend
		if etag != "" {
			x.Header = append(x.Header, compare.Field{Name: "ETag", Value: etag})
		}
		return x
	}
	judgeAll(t, []judgeTest{
		{"at once", grown(fresh, of("proxy-longer-if-none-match", "longer", 200, f, compare.Equal)), nil},
		{"after a second", grown(old, again(fresh)), nil},
		{"never", grown(old, again(old)), []string{"proxy-stale-file warning"}},
		{"never, and 304", grown(old, unchanged, again(old), again(unchanged), handsOff("")), []string{"proxy-stale-file warning"}},
		{"cut at the old length by one of several workers", grown(fresh, again(fresh), cut), []string{"proxy-stale-file warning"}},
		{"not asked again", grown(old, unchanged), nil},
		{"gone", grown(of("proxy-longer", "longer", 404, "", compare.Differs), again(of("proxy-longer", "longer", 404, "", compare.Differs))), nil},
		{"one ETag", grown(fresh, unchanged, again(fresh), again(unchanged), handsOff("")), []string{"proxy-conditional-broken warning"}},
		{"one ETag, the backend's other", grown(fresh, unchanged, again(fresh), again(unchanged), handsOff(`"b"`)), []string{"proxy-conditional-broken warning"}},
		{"one ETag of the backend", grown(fresh, unchanged, again(fresh), again(unchanged), handsOff(e)), nil},
		{"304 of the backend", grown(fresh, unchanged, again(fresh), again(unchanged), changed(handsOff(e), func(x *diag.Exchange) { x.Status = 304 })), nil},
		{"a range of the new file for the old validator", grown(fresh, of("proxy-longer-if-range", "longer", 206, f, compare.Prefix),
			again(of("proxy-longer-if-range", "longer", 206, f, compare.Prefix)), handsOff("")), []string{"proxy-conditional-broken warning"}},
	})
}
