package check

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// Ids of the probes that send fields which only a proxy should send.
const (
	backendForged   = "backend-forged"
	proxyForged     = "proxy-forged"
	proxyForgedFile = "proxy-forged-file"
)

// forged sends what no client should be able to steer the handoff with: the
// fields by which a proxy tells some backends how to hand off (CVE-2025-61780),
// and the handoff field itself, with a download that is not there.
var forged = diag.Family{
	Name: "forged",
	When: "the download works with a handoff",
	Plan: func(v *diag.View) diag.Step {
		b := v.Exchange(diag.BackendGet)
		if !v.Delivered() || len(b.Handoffs()) == 0 {
			return diag.Step{}
		}
		fields := forgedFields(v)
		step := diag.Step{Probes: []diag.Probe{
			{ID: backendForged, Port: diag.Backend, Method: "GET", Role: diag.RoleMain, Header: fields},
			{ID: proxyForged, Port: diag.Proxy, Method: "GET", Role: diag.RoleMain, Header: fields},
		}}
		if d, _, ok := v.Dialect(); ok && v.Fixture(diag.RoleMissing) != nil {
			step.Probes = append(step.Probes, diag.Probe{
				ID: proxyForgedFile, Port: diag.Proxy, Method: "GET", Role: diag.RoleMissing,
				Header: compare.Header{{Name: d.Header, Value: b.Header.Get(d.Header)}},
			})
		}
		return step
	},
}

// forgedFields ask for another kind of handoff than the backend's own, and for
// a mapping of the storage to a prefix that nobody has.
func forgedFields(v *diag.View) compare.Header {
	own := v.Exchange(diag.BackendGet).Handoffs()[0].Name
	other := sendfile.Dialects()[0].Header
	for _, d := range sendfile.Dialects() {
		if !strings.EqualFold(d.Header, own) {
			other = d.Header
			break
		}
	}
	f := v.Fixture(diag.RoleMain)
	folder := strings.TrimSuffix(f.Path, f.Name)
	if folder == "" {
		folder = "/"
	}
	return compare.Header{
		{Name: "X-Sendfile-Type", Value: other},
		{Name: "X-Accel-Mapping", Value: folder + "=/proxydiag-forged/"},
	}
}
