package check

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/fixture"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// healthy observes the reference proxy of a dialect.
func healthy(t *testing.T, d sendfile.Dialect, profile diag.Profile) *diag.Record {
	t.Helper()
	dir := t.TempDir()
	spec := sendfile.Spec{Dialect: d, Prefix: "/protected/"}
	if d.Form == sendfile.Path {
		spec.Prefix = dir + "/"
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	origin := "http://" + l.Addr().String()
	backend, _ := url.Parse(origin)
	var handler http.Handler = &sendfile.Proxy{Backend: backend, Dialect: d, Prefix: spec.Prefix, Root: dir}
	proxy := httptest.NewServer(handler)
	defer proxy.Close()
	companion := diag.NewCompanion(diag.URL(origin+"/dl/"), spec)
	companion.Serve(l, nil)
	defer func() { _ = companion.Close() }()
	o := diag.Observer{Store: fixture.OpenDir(dir), Companion: companion}
	rec := o.Run(context.Background(), diag.Stack{
		Storage: dir, Backend: diag.URL(origin + "/dl/"), Proxy: diag.URL(proxy.URL + "/dl/"), Sendfile: spec.String(), Companion: true, Profile: profile,
	}, Families())
	if len(rec.Left) > 0 {
		t.Errorf("left in the storage: %v", rec.Left)
	}
	return rec
}

func TestHealthyDialects(t *testing.T) {
	for _, d := range sendfile.Dialects() {
		t.Run(d.Name, func(t *testing.T) {
			t.Parallel()
			rep := diag.Judge(healthy(t, d, diag.Thorough), Rules(), Checks())
			for _, f := range rep.Findings {
				if f.Severity.AtLeast(diag.Warning) {
					t.Errorf("%s: %s %v", f.Code, f.Detail, f.Evidence)
				}
			}
			for _, c := range rep.Checks {
				if c.Status == diag.Unknown || c.Status == diag.Fail {
					t.Errorf("check %s: %s %s", c.ID, c.Status, c.Reason)
				}
			}
		})
	}
}

func TestProfiles(t *testing.T) {
	asked := map[diag.Profile][]string{}
	for _, p := range diag.Profiles() {
		for _, x := range healthy(t, sendfile.Dialects()[0], p).Exchanges {
			asked[p] = append(asked[p], x.Probe.ID)
		}
	}
	less := diag.Profile("")
	for _, p := range diag.Profiles() {
		for _, id := range asked[less] {
			if !slices.Contains(asked[p], id) {
				t.Errorf("%s asks %s, %s does not", less, id, p)
			}
		}
		if len(asked[p]) <= len(asked[less]) {
			t.Errorf("%s asks no more than %s", p, less)
		}
		less = p
	}
	for id, want := range map[string][]bool{
		diag.ProxyGet: {true, true, true}, proxyRangeMiddle: {false, true, true}, proxyGzip: {false, true, true}, "proxy-if-none-match": {false, true, true},
		"proxy-longer": {false, true, true}, "proxy-shorter": {false, false, true}, "proxy-range-malformed": {false, false, true}, "proxy-mibs": {false, false, true},
	} {
		var got []bool
		for _, p := range diag.Profiles() {
			got = append(got, slices.Contains(asked[p], id))
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("%s (-want +got):\n%s", id, d)
		}
	}
}

// TestFixed: of one fixed file only its own URL is asked for.
func TestFixed(t *testing.T) {
	r := record()
	r.Stack.Fixed, r.Stack.Companion = "main.bin", false
	r.Stack.Profile = diag.Thorough
	step := diag.Next(r.Stack, r.Record, Families())
	if len(step.Put) > 0 {
		t.Errorf("puts %v", step.Put)
	}
	ids := map[string]bool{}
	for _, p := range step.Probes {
		ids[p.ID] = true
		if p.Role != diag.RoleMain && p.Target == "" {
			t.Errorf("asks for %q in %s", p.Role, p.ID)
		}
	}
	for _, id := range []string{proxyRangeMiddle, "proxy-if-none-match", proxyGzip} {
		if !ids[id] {
			t.Errorf("%s is not asked", id)
		}
	}
}

// TestNothingAfterAFailure: where the download does not work nothing is asked
// about how it works.
func TestNothingAfterAFailure(t *testing.T) {
	for _, x := range []diag.Exchange{got(diag.ProxyGet, 404, 9), got(diag.ProxyGet, 200, 0), {Probe: diag.Probe{ID: diag.ProxyGet}}} {
		r := record()
		r.Exchanges[1] = x
		r.Stack.Profile = diag.Thorough
		for _, f := range []diag.Family{ranges, oddRanges, validators, oddValidators, encodings, types, sizes, changes, shrinks} {
			if step := f.Plan(r.view()); !step.Empty() {
				t.Errorf("%s after %d: %v", f.Name, x.Status, step)
			}
		}
	}
}
