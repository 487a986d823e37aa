package diag

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/go-retryablehttp"

	"github.com/proxydiag/proxydiag/pkg/compare"
)

// The pauses before a request is sent again.
const (
	shortestPause = 100 * time.Millisecond
	longestPause  = 2 * time.Second
)

// send sends a probe, and again as often as is allowed where no answer comes.
func (r *run) send(ctx context.Context, p Probe) Exchange {
	x := r.sendOnce(ctx, p)
	for n := 0; n < r.Retries && p.repeatable() && unanswered(&x); n++ {
		r.pause(ctx, retryablehttp.DefaultBackoff(shortestPause, longestPause, n, nil))
		if ctx.Err() != nil {
			break
		}
		x = r.sendOnce(ctx, p)
		x.Retries = n + 1
	}
	return x
}

// unanswered says that the transport failed before an answer came. What a peer
// answers, however wrong, is never asked for again.
func unanswered(x *Exchange) bool {
	return !x.Answered() && x.Failure != nil && slices.Contains([]compare.FailureKind{
		compare.Refused, compare.Reset, compare.Timeout, compare.DNS, compare.Unreachable,
	}, x.Failure.Kind)
}

// retried says of the exchanges of these probes that they had to be sent
// again, one sentence each.
func (v *View) retried(ids []string) []Evidence {
	var list []Evidence
	for _, id := range ids {
		if x := v.Exchange(id); x != nil && x.Retries > 0 {
			text := fmt.Sprintf("%s %s was sent %d times: no answer came to the earlier ones", x.Request.Method, x.Request.URL, x.Retries+1)
			if !x.Answered() {
				text = fmt.Sprintf("%s %s was sent %d times in vain", x.Request.Method, x.Request.URL, x.Retries+1)
			}
			list = append(list, Evidence{Kind: EvidenceExchange, Text: text, Probe: id})
		}
		if x := v.Exchange(id); x != nil && len(x.Earlier) > 0 && x.Probe.plain() {
			text := fmt.Sprintf("%s %s was asked for twice: the answer was %d, then %d", x.Request.Method, x.Request.URL, x.Earlier[0], x.Status)
			list = append(list, Evidence{Kind: EvidenceExchange, Text: text, Probe: id})
		}
	}
	return list
}

// noteRetries adds to a finding which of the requests that prove it had to be
// sent again.
func noteRetries(v *View, f *Finding) {
	var ids []string
	for _, e := range f.Evidence {
		if e.Probe != "" && !slices.Contains(ids, e.Probe) {
			ids = append(ids, e.Probe)
		}
	}
	f.Evidence = append(f.Evidence, v.retried(ids)...)
}
