package apache

import (
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

// way is where the configuration sends a request, or that the proxy stopped
// waiting for its backend.
func way(v *diag.View, x *diag.Exchange) diag.Way {
	if s := siteOf(v); s != nil && s.File != nil {
		if t := s.follow(x); s.ToBackend(t) && s.gaveUp(t, x) {
			return diag.Way{Reached: diag.Undecided, TimedOut: true, Why: "the proxy's time to wait was over"}
		}
	}
	return cause.Way(siteOf, (*site).follow)(v, x)
}
