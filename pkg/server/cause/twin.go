package cause

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// Twin is a public way to a file that the application hands over: a second
// URL, at which the application is not asked.
type Twin[R Routed] struct {
	Guard *conf.Directive // what keeps the file for the application
	By    *conf.Directive // what serves it all the same
	URI   string          // decoded
	Route R
	Asked bool // the URL is the stored file's, on the server that is asked
}

// TwinProbe is the id of the probe that asks for a twin; those of the further
// ones have a number behind it.
const TwinProbe = "proxy-twin"

// mostTwins limits how many twins are asked for.
const mostTwins = 5

func twinProbe(i int) string {
	if i == 0 {
		return TwinProbe
	}
	return TwinProbe + "-" + strconv.Itoa(i+1)
}

// TwinAsked is the family that asks the proxy for the stored file by the first
// twins that can be asked for.
func TwinAsked[S Own[R], R Routed](of func(*diag.View) S, twins func(S) []Twin[R]) diag.Family {
	return diag.Family{
		Name: "twin",
		When: "the configuration has a public way to the storage",
		Plan: func(v *diag.View) diag.Step {
			s, ok := asked(of, v)
			if !ok || !v.Exchange(diag.ProxyGet).Answered() {
				return diag.Step{}
			}
			var step diag.Step
			for _, t := range twins(s) {
				if n := len(step.Probes); t.Asked && n < mostTwins {
					step.Probes = append(step.Probes, diag.Probe{ID: twinProbe(n), Port: diag.Proxy, Method: "GET", Target: diag.EscapePath(t.URI)})
				}
			}
			return step
		},
	}
}

// Public are the findings about the twins, one for each thing that serves some:
// but those that were asked for in vain. guard says what Guard is, tell what is
// wrong.
func (s *Site[R]) Public(twins []Twin[R], guard string, tell func(Twin[R]) string) []diag.Finding {
	var list []diag.Finding
	told := map[*conf.Directive]bool{}
	for _, t := range twins {
		x := s.askedFor(t)
		answered := x != nil
		if told[t.By] || answered && !x.Delivers() {
			continue // it is named, or not served
		}
		told[t.By] = true
		f := s.Found(t.By, "%s", tell(t))
		f.Evidence = append(f.Evidence, s.Quote(guard, t.Guard))
		if answered {
			f.Evidence = append(f.Evidence, diag.Evidence{Kind: diag.EvidenceExchange, Probe: x.Probe.ID,
				Text: fmt.Sprintf("GET %s → %d, the stored file", x.Request.URL, x.Status)})
		}
		list = append(list, *s.With(f, t.Route))
	}
	return list
}

// askedFor is what the proxy answered for a twin, nil where it was not asked.
func (s *Site[R]) askedFor(t Twin[R]) *diag.Exchange {
	for i := range mostTwins {
		if x := s.Exchange(twinProbe(i)); t.Asked && x != nil && x.Probe.Target == diag.EscapePath(t.URI) {
			return x
		}
	}
	return nil
}

// Direct says that a URI is one that serves the storage for the check itself.
func (s *Site[R]) Direct(uri string) bool {
	return s.Stack.Direct != "" && strings.HasPrefix(uri, s.Stack.Direct.Base())
}
