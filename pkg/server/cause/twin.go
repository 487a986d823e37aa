package cause

import (
	"fmt"
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

// TwinProbe is the id of the probe that asks for a twin.
const TwinProbe = "proxy-twin"

// TwinAsked is the family that asks the proxy for the stored file by its first
// twin that can be asked for.
func TwinAsked[S Own[R], R Routed](of func(*diag.View) S, twins func(S) []Twin[R]) diag.Family {
	return diag.Family{
		Name: "twin",
		When: "the configuration has a public way to the storage",
		Plan: func(v *diag.View) diag.Step {
			s, ok := asked(of, v)
			if !ok || !v.Exchange(diag.ProxyGet).Answered() {
				return diag.Step{}
			}
			for _, t := range twins(s) {
				if t.Asked {
					return diag.Step{Probes: []diag.Probe{{ID: TwinProbe, Port: diag.Proxy, Method: "GET", Target: diag.EscapePath(t.URI)}}}
				}
			}
			return diag.Step{}
		},
	}
}

// Public is the finding about the first twin that was not asked for in vain.
// guard says what Guard is, tell what is wrong.
func (s *Site[R]) Public(twins []Twin[R], guard string, tell func(Twin[R]) string) []diag.Finding {
	x := s.Exchange(TwinProbe)
	for _, t := range twins {
		answered := x != nil && t.Asked
		if answered && !x.Delivers() {
			continue // it is not served
		}
		f := s.Found(t.By, "%s", tell(t))
		f.Evidence = append(f.Evidence, s.Quote(guard, t.Guard))
		if answered {
			f.Evidence = append(f.Evidence, diag.Evidence{Kind: diag.EvidenceExchange, Probe: x.Probe.ID,
				Text: fmt.Sprintf("GET %s → %d, the stored file", x.Request.URL, x.Status)})
		}
		return []diag.Finding{*s.With(f, t.Route)}
	}
	return nil
}

// Direct says that a URI is one that serves the storage for the check itself.
func (s *Site[R]) Direct(uri string) bool {
	return s.Stack.Direct != "" && strings.HasPrefix(uri, s.Stack.Direct.Base())
}
