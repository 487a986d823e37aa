package check

import (
	"net/url"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// Ids of the probes that tell the backend by what the client came.
const (
	backendHTTPS = diag.BackendHTTPS
	backendHTTP  = "backend-scheme-http"
)

// scheme asks the backend again as if the client had come by the other scheme,
// where what comes through the proxy is a redirect to https: by https where it
// redirects us on its own port as well, by http where it does not. Where the
// download works and the backend's own port redirects, it is asked by https too:
// the answer then stands for that of the plain download.
var scheme = diag.Family{
	Name:    "scheme",
	Profile: diag.Quick,
	First:   true,
	When:    "the user's own backend, and the proxy port redirects to https, or the download works and the backend port does",
	Plan: func(v *diag.View) diag.Step {
		p, b := v.Exchange(diag.ProxyGet), v.Exchange(diag.BackendGet)
		if v.Stack.Companion || !toHTTPS(p) && !(v.Delivered() && toHTTPS(b)) {
			return diag.Step{}
		}
		id, scheme := backendHTTPS, "https"
		if b := v.Exchange(diag.BackendGet); b.Answered() && b.Status < 300 {
			id, scheme = backendHTTP, "http"
		}
		return diag.Step{Probes: []diag.Probe{{
			ID: id, Port: diag.Backend, Method: "GET", Role: diag.RoleMain,
			Header: compare.Header{{Name: "X-Forwarded-Proto", Value: scheme}},
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

// schemeLost is the backend's answer that shows that the redirect to https is
// the application's, and comes of what the proxy tells it of the scheme: it
// redirects on its own port as well, and not once it hears of https; or it
// redirects there only once it hears of http. nil where nothing shows it.
func schemeLost(v *diag.View) *diag.Exchange {
	if !toHTTPS(v.Exchange(diag.ProxyGet)) {
		return nil
	}
	b := v.Exchange(diag.BackendGet)
	if x := v.Exchange(backendHTTPS); x.Answered() && x.Status < 300 && toHTTPS(b) {
		return x
	}
	if x := v.Exchange(backendHTTP); toHTTPS(x) && b.Answered() && b.Status < 300 {
		return x
	}
	return nil
}
