package check

import (
	"slices"
	"strconv"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// steadyTimes is how often the download is asked for where an answer was 502
// once: of two upstreams one of which is dead each may have its turn several
// times.
const steadyTimes = 20

// turns asks for the download again and again, one request after the other,
// where the proxy answered 502 and then did not: that may have been a moment,
// or one of several upstreams.
var turns = diag.Family{
	Name:    "turns",
	Profile: diag.Quick,
	When:    "the download works, and some answer was 502 before it was another one",
	Plan: func(v *diag.View) diag.Step {
		if !v.Delivered() || !slices.ContainsFunc(v.Record.Exchanges, wavered) {
			return diag.Step{}
		}
		var step diag.Step
		for n := range steadyTimes {
			id := diag.ProxySteady + strconv.Itoa(n+1)
			step.Probes = append(step.Probes, diag.Probe{ID: id, Port: diag.Proxy, Method: "GET", Role: diag.RoleMain})
			if v.Exchange(id) == nil {
				break // nothing else of these is under way
			}
		}
		return step
	},
}

// wavered says that an answer of the proxy's was 502 and, asked for again, another.
func wavered(x diag.Exchange) bool {
	return x.Probe.Port == diag.Proxy && slices.Contains(x.Earlier, 502) && x.Status != 502
}

// Unsteady are the answers 502 to a download that at other times works: none
// where one alone was, and where they came at one time.
func Unsteady(v *diag.View) []*diag.Exchange {
	var list []*diag.Exchange
	times, failed := 0, false
	for n := range steadyTimes {
		x := v.Exchange(diag.ProxySteady + strconv.Itoa(n+1))
		if x == nil {
			return nil
		}
		if x.Status == 502 {
			list = append(list, x)
		}
		if !failed && x.Status == 502 {
			times++
		}
		failed = x.Status == 502
	}
	if times < 2 || len(list) == steadyTimes {
		return nil
	}
	return list
}
