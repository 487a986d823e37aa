package check

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var proxyThrottled = diag.Rule{
	Doc: diag.Doc{
		Code: "proxy-throttled", Part: diag.PartProxy, Severity: diag.Info,
		Title: "Downloads come at a low steady rate",
		Text: "Two files of different sizes take times that differ by a low rate, not by what it takes to begin. A " +
			"rate limit of the proxy or of the application's answer does that, and so does a slow line between " +
			"here and the proxy.",
		Fix: "If it is not meant, take the rate limit off the location that sends the files, and look whether the " +
			"application asks for one with its handoff.",
		Before: "1 MiB in 8.1 s, 160 KiB in 0.9 s",
		After:  "1 MiB in 0.01 s",
	},
	Check: checkTypes,
	Judge: judgeThrottled,
}

// slowRate is in bytes a second: about 10 MBit/s.
const slowRate = 1 << 20 * 5 / 4

func judgeThrottled(v *diag.View) []diag.Finding {
	small, large := v.Exchange(diag.ProxyGet), v.Exchange("proxy-"+roleMiB)
	if !small.Delivers() || large == nil || large.Status != 200 || large.Failure != nil && !timedOut(large) {
		return nil
	}
	seconds := (large.Timing.Total - large.Timing.FirstByte - small.Timing.Total + small.Timing.FirstByte) / 1000
	size := large.Body.Length - small.Body.Length
	if size <= 0 || seconds < 0.4 || float64(size)/seconds > slowRate {
		return nil
	}
	return []diag.Finding{{
		Detail: fmt.Sprintf("The body of a file of %s took %.1f s, that of one of %s %.1f s: %.0f KiB more a second.",
			bytes(small.Body.Length), bodySeconds(small), bytes(large.Body.Length), bodySeconds(large), float64(size)/seconds/1024),
		Evidence: []diag.Evidence{said(small), said(large)},
	}}
}

func bodySeconds(x *diag.Exchange) float64 { return (x.Timing.Total - x.Timing.FirstByte) / 1000 }
