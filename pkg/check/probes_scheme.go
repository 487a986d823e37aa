package check

import (
	"net/url"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// backendHTTPS is the id of the probe that tells the backend that the client
// came by https.
const backendHTTPS = "backend-scheme-https"

// scheme asks the backend again as if the client had come by https, where what
// comes through the proxy is a redirect to https.
var scheme = diag.Family{
	Name: "scheme",
	When: "the user's own backend, and the proxy port redirects to https",
	Plan: func(v *diag.View) diag.Step {
		if v.Stack.Companion || !toHTTPS(v.Exchange(diag.ProxyGet)) {
			return diag.Step{}
		}
		return diag.Step{Probes: []diag.Probe{{
			ID: backendHTTPS, Port: diag.Backend, Method: "GET", Role: diag.RoleMain,
			Header: compare.Header{{Name: "X-Forwarded-Proto", Value: "https"}},
		}}}
	},
}

// toHTTPS says that an answer redirects to the https form of a URL with the
// same path.
func toHTTPS(x *diag.Exchange) bool {
	if !x.Answered() || x.Status/100 != 3 {
		return false
	}
	from, err1 := url.Parse(x.Request.URL)
	to, err2 := url.Parse(x.Header.Get("Location"))
	return err1 == nil && err2 == nil && strings.EqualFold(to.Scheme, "https") && to.Path == from.Path
}

// schemeLost says that the application redirects to https and would not if the
// proxy told it that the client came by https.
func schemeLost(v *diag.View) bool {
	x := v.Exchange(backendHTTPS)
	if !x.Answered() || x.Status >= 300 || !toHTTPS(v.Exchange(diag.ProxyGet)) {
		return false
	}
	// The redirect is the application's: it redirects on its own port as well.
	return toHTTPS(v.Exchange(diag.BackendGet))
}
