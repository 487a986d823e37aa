package check

import (
	"net/url"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// foreignClient is an address that nobody has (RFC 5737 section 3).
const foreignClient = "192.0.2.1"

// refusals asks the backend port for what the proxy may ask it for: with the
// fields by which proxies say for whom they ask, and without those of --header.
// Applications refuse by either: a login, the client's address, the scheme.
var refusals = diag.Family{
	Name: "refusals",
	When: "the user's own backend answers its port, and what comes through the proxy is neither the file nor the proxy's own page",
	Last: true,
	Plan: func(v *diag.View) diag.Step {
		if !refusable(v) {
			return diag.Step{}
		}
		var step diag.Step
		all := retelling{id: backendForwarded}
		for _, r := range forwardings(v) {
			all.header = append(all.header, r.header...)
		}
		list := append([]retelling{all}, withouts(v)...)
		if x := v.Exchange(backendForwarded); sameRefusal(x, v.Exchange(diag.ProxyGet)) {
			list = append(list, forwardings(v)...) // which of them
		} else if x.Answered() {
			list = append(list, foreign())
		}
		for _, r := range list {
			step.Probes = append(step.Probes, diag.Probe{ID: r.id, Port: diag.Backend, Method: "GET", Role: diag.RoleMain,
				Header: r.header, Without: r.without})
		}
		return step
	},
}

// backendForwarded is the id of the probe with all fields of a proxy.
const backendForwarded = "backend-forwarded"

// retelling is the download, asked of the backend port in another way.
type retelling struct {
	id      string
	header  compare.Header
	without []string
}

// forwardings are the fields by which proxies commonly say for whom they ask,
// each in a request of its own.
func forwardings(v *diag.View) []retelling {
	host, scheme, client := "", "http", foreignClient
	if u, err := url.Parse(v.Stack.Proxy.Origin()); err == nil {
		host, scheme = u.Host, u.Scheme
	}
	if x := v.Exchange(diag.ProxyGet); x != nil && strings.HasPrefix(x.Remote, "127.") {
		client = "127.0.0.1"
	}
	var list []retelling
	fields := compare.Header{
		{Name: "X-Forwarded-For", Value: client}, {Name: "X-Forwarded-Proto", Value: scheme}, {Name: "X-Forwarded-Host", Value: host},
		{Name: "X-Forwarded-Server", Value: host}, {Name: "X-Real-IP", Value: client}, {Name: "Via", Value: "1.1 " + inventedHost},
	}
	for _, f := range fields {
		if !v.Stack.Header.Has(f.Name) {
			list = append(list, retelling{id: backendForwarded + "-" + strings.ToLower(f.Name), header: compare.Header{f}})
		}
	}
	return list
}

// foreign asks for a client from elsewhere.
func foreign() retelling {
	return retelling{id: backendForwarded + "-foreign", header: compare.Header{
		{Name: "X-Forwarded-For", Value: foreignClient}, {Name: "X-Real-IP", Value: foreignClient}}}
}

// mostWithouts is how many of the fields of --header are left out, one at a time.
const mostWithouts = 5

// withouts leave out a field of --header each.
func withouts(v *diag.View) []retelling {
	var list []retelling
	for _, f := range v.Stack.Header {
		r := retelling{id: "backend-without-" + strings.ToLower(f.Name), without: []string{f.Name}}
		known := slices.ContainsFunc(list, func(o retelling) bool { return o.id == r.id })
		if !known && len(list) < mostWithouts && !strings.EqualFold(f.Name, "Host") {
			list = append(list, r)
		}
	}
	return list
}

// refusable says that what comes through the proxy may be the application's own
// answer to what the proxy asks it, another one than on its own port.
func refusable(v *diag.View) bool {
	b, p := v.Exchange(diag.BackendGet), v.Exchange(diag.ProxyGet)
	switch {
	case v.Stack.Companion || v.Delivered() || !b.Answered() || b.Status >= 300 || !p.Answered() || p.Failure != nil:
		return false
	case len(b.Handoffs()) == 0 && !b.Delivers():
		return false
	case p.Status/100 == 2 && (p.Body.Length == 0 || p.Body.Match == compare.Prefix || p.Body.Match == compare.Longer):
		return false
	case p.Status == 504 || len(p.Handoffs()) > 0:
		return false
	}
	return ownPage(v, p) == "" && hostRejection(v) == nil && !echoed(v)
}
