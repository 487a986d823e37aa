package check

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// Ids of the probes that ask the backend with another Host.
const (
	backendProxyHost    = "backend-host-of-proxy"
	backendInventedHost = "backend-host-invented"

	// BackendConfiguredHost is the probe with the Host that the proxy sends by
	// its configuration: a kind of server that reads it asks so.
	BackendConfiguredHost = "backend-host-configured"
)

// inventedHost is a name that nobody can have (RFC 2606 section 2).
const inventedHost = "proxydiag.invalid"

// hosts asks the backend port with other Host fields, where the backend answers
// us but what comes through the proxy is an error: applications refuse hosts
// that they do not know.
var hosts = diag.Family{
	Name:    "hosts",
	Profile: diag.Quick,
	When:    "the user's own backend answers its port, and the proxy's answer is 400, 403, 404 or 421",
	Plan: func(v *diag.View) diag.Step {
		if !HostMatters(v) {
			return diag.Step{}
		}
		step := diag.Step{Probes: []diag.Probe{
			{ID: backendInventedHost, Port: diag.Backend, Method: "GET", Role: diag.RoleMain, Host: inventedHost},
		}}
		if u, err := url.Parse(v.Stack.Proxy.Origin()); err == nil && u.Host != "" {
			step.Probes = append(step.Probes,
				diag.Probe{ID: backendProxyHost, Port: diag.Backend, Method: "GET", Role: diag.RoleMain, Host: u.Host})
		}
		return step
	},
}

// HostMatters says that the backend may refuse the Host that the proxy sends: it
// is the user's own, it answers us, and the proxy's answer is an error.
func HostMatters(v *diag.View) bool {
	b, p := v.Exchange(diag.BackendGet), v.Exchange(diag.ProxyGet)
	if v.Stack.Companion || !b.Answered() || !p.Answered() || b.Status >= 300 {
		return false
	}
	return p.Status == 400 || p.Status == 403 || p.Status == 404 || p.Status == 421
}

// hostRejection is the exchange in which the backend, asked with another Host,
// answers exactly what the proxy port shows; nil where there is none.
func hostRejection(v *diag.View) *diag.Exchange {
	b, p := v.Exchange(diag.BackendGet), v.Exchange(diag.ProxyGet)
	if !b.Answered() || !p.Answered() || b.Status >= 300 {
		return nil
	}
	for _, id := range []string{BackendConfiguredHost, backendProxyHost, backendInventedHost} {
		x := v.Exchange(id)
		if x.Answered() && x.Status >= 400 && x.Status == p.Status && (x.Body.SHA256 == p.Body.SHA256 || sameButHost(x, p)) {
			return x
		}
	}
	return nil
}

// longestHost is how long a name may be (RFC 1035 section 2.3.4).
const longestHost = 255

// sameButHost says that two answers are the same text around a host: that of
// the first one names the Host that was asked for, as error pages of
// frameworks do, and the other one has a name in its place.
func sameButHost(x, p *diag.Exchange) bool {
	if x.Header.Get("Content-Type") != p.Header.Get("Content-Type") {
		return false
	}
	parts := strings.Split(string(x.Body.Sample), x.Request.Host)
	if len(parts) < 2 {
		return false
	}
	whole := x.Body.Length == int64(len(x.Body.Sample)) && p.Body.Length == int64(len(p.Body.Sample))
	pattern := "^" + regexp.QuoteMeta(parts[0])
	for _, part := range parts[1:] {
		pattern += `[\w.:\[\]-]+` + regexp.QuoteMeta(part)
	}
	if whole {
		pattern += "$"
	} else if part := parts[len(parts)-1]; part != "" { // the samples end, with names of other lengths in them
		pattern = strings.TrimSuffix(pattern, regexp.QuoteMeta(part)) + regexp.QuoteMeta(part[:max(0, len(part)-longestHost)])
	}
	match, err := regexp.MatchString(pattern, string(p.Body.Sample))
	return err == nil && match && len(parts[0]) > 0
}
