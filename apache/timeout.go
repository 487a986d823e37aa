package apache

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

// waits is how long the proxy waits for the backend of a route, and the
// directive that says so: timeout= of the one that passes, ProxyTimeout,
// Timeout; a minute without any (mod_proxy documentation, ProxyPass and
// ProxyTimeout; core, Timeout).
func (s *site) waits(t *Route) (time.Duration, *conf.Directive) {
	if at := cause.Pass(t); at != nil {
		for _, word := range at.Texts(0) {
			if v, ok := strings.CutPrefix(strings.ToLower(word), "timeout="); ok {
				if d, ok := seconds(v); ok {
					return d, at
				}
			}
		}
	}
	for _, name := range []string{"ProxyTimeout", "Timeout"} {
		for _, at := range s.router.Server(t, name) {
			if d, ok := seconds(at.Arg(0)); ok {
				return d, at
			}
		}
	}
	return time.Minute, nil
}

// seconds reads a time: a number of seconds, or one with a unit.
func seconds(text string) (time.Duration, bool) {
	text = strings.ToLower(text)
	unit := time.Second
	for suffix, u := range map[string]time.Duration{"ms": time.Millisecond, "s": time.Second, "mi": time.Minute, "min": time.Minute, "h": time.Hour} {
		number := strings.TrimSuffix(text, suffix)
		if _, err := strconv.Atoi(number); err == nil && number != text {
			text, unit = number, u
			break
		}
	}
	n, err := strconv.Atoi(text)
	return time.Duration(n) * unit, err == nil && n > 0
}

// gaveUp says that the proxy stopped waiting for its backend: the log says so,
// or the answer took just as long as the proxy waits. Apache answers 502.
func (s *site) gaveUp(t *Route, x *diag.Exchange) bool {
	if x.Status != http.StatusBadGateway {
		return false
	}
	const expired = 70007 // APR_TIMEUP
	for _, e := range s.Events {
		if e.Code == codeNoAnswer && e.Errno == expired {
			return true
		}
	}
	limit, _ := s.waits(t)
	took := time.Duration(x.Timing.Total * float64(time.Millisecond))
	return limit >= time.Second && took >= limit && took < limit+limit/2
}
