package nginx

import (
	"slices"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// enrich adds to a finding the directive that is responsible, what the log says,
// and which of several server blocks the request passes.
func enrich(v *diag.View, f *diag.Finding) {
	cause.Enrich(siteOf, (*site).responsible)(v, f)
	if s := siteOf(v); s != nil && s.Download != nil && f.Severity.AtLeast(diag.Warning) {
		f.Evidence = append(f.Evidence, s.hops()...)
	}
}

// hops tells the way through several server blocks of the configuration: their
// answers look the same. It is nil where there is one alone.
func (s *site) hops() []diag.Evidence {
	tiers := slices.Clone(s.front)
	if s.taker != nil && s.taker != s.Download {
		tiers = append(tiers, s.taker)
	}
	if len(tiers) == 0 {
		return nil
	}
	var names []string
	for _, t := range append(tiers, s.Download) {
		names = append(names, hop(t))
	}
	text := "Who answers: by the configuration the request passes " + strings.Join(names, ", then ")
	if s.taker != nil {
		text += "; the handoff is acted on by the server block of " + hop(s.taker)
	}
	return []diag.Evidence{{Kind: diag.EvidenceConfig, Text: text + "."}}
}

func hop(t *Route) string {
	if t.Location == nil {
		return blockName(nil) + cause.Where(t.Server)
	}
	return blockName(t.Location) + cause.Where(t.Location)
}

// responsible is the directive that a neutral finding is about, nil where none
// stands out.
func (s *site) responsible(code string) *conf.Directive {
	d := s.Download
	switch code {
	case "proxy-auth-required":
		return cause.First(d.Deciding(route.StepAccess), refuser(d, refusers[401]...))
	case "proxy-redirects":
		if s.page != nil {
			return cause.First(d.Deciding(route.StepReturn, route.StepAccess), s.page.Deciding(StepErrorPage))
		}
		return cause.First(d.Deciding(route.StepReturn), d.rewriting(), supposed(d, s.Status()))
	case "proxy-not-routed":
		return cause.First(s.passwordFile(d), d.Deciding(route.StepReturn, route.StepAccess, StepInternal), supposed(d, s.Status()), refuser(d, refusers[s.Status()]...), cause.Pass(d), d.FileBy, d.Location, d.Server)
	case "proxy-unreachable":
		if s.closed() {
			return d.Deciding(route.StepReturn)
		}
		return supposed(d, statusClose)
	case "proxy-path-rewritten":
		return cause.First(d.rewriting(), cause.Pass(d))
	case "proxy-bad-gateway":
		if s.handedOff() && cause.Upstream(s.Handoff) != nil {
			return cause.Pass(s.Handoff)
		}
		return cause.First(refuser(d, refusers[s.Status()]...), cause.Pass(d))
	case "proxy-ranges-broken":
		return s.rangeTaker()
	case "proxy-stale-file":
		for _, t := range append(slices.Clip(s.front), d, s.Handoff) {
			if t == nil {
				continue
			}
			if cache := last(t.Inside, ofProtocol(t, "_cache")); cache != nil && cache.Arg(0) != "off" {
				return cache
			}
		}
		if s.Handoff != nil {
			return last(s.Handoff.Inside, "open_file_cache")
		}
	case "proxy-timeout":
		return cause.First(last(d.Inside, ofProtocol(d, "_read_timeout")), last(d.Inside, ofProtocol(d, "_connect_timeout")), cause.Pass(d))
	case "proxy-host-rejected":
		return cause.First(s.sets("Host"), cause.Pass(d))
	case "proxy-scheme-lost":
		return cause.First(s.sets("X-Forwarded-Proto"), cause.Pass(d))
	case "proxy-direct-broken":
		if x := s.Exchange(diag.DirectGet); x != nil {
			t := s.asked(x)
			return cause.First(t.Deciding(route.StepReturn, route.StepAccess, StepInternal), t.FileBy, t.Location)
		}
	case "proxy-method-blocked", "proxy-head-broken":
		if x := s.Exchange(diag.ProxyHead); x != nil {
			t := s.asked(x)
			return cause.First(t.Deciding(route.StepReturn, route.StepAccess), supposed(t, x.Status), t.Inside)
		}
	case "handoff-internal-exposed", "handoff-traversal":
		if s.Handoff != nil {
			return s.Handoff.Location
		}
	case "handoff-not-found", "handoff-forbidden", "handoff-wrong-content":
		if s.Handoff != nil {
			return cause.First(s.Handoff.FileBy, s.Handoff.redirected().rewriting(), s.Handoff.Location)
		}
	}
	return nil
}

// rewriting is the last rewrite that changed the URI of a route, nil for none.
func (t *Route) rewriting() *conf.Directive {
	for _, step := range slices.Backward(t.Steps) {
		if step.Kind == route.StepRewrite && step.Directive.Name == "rewrite" {
			return step.Directive
		}
	}
	return nil
}

// supposed is the return that gives a status, in the if that cannot be decided
// and that ends a route; nil where there is none.
func supposed(t *Route, status int) *conf.Directive {
	at := t.Deciding(route.StepUnknown)
	if t.Outcome != route.Undecided || at == nil {
		return nil
	}
	for _, d := range at.All("return") {
		if d.Arg(0) == strconv.Itoa(status) {
			return d
		}
	}
	return nil
}

// refusers are what may refuse with a status.
var refusers = map[int][]string{
	401: {"auth_basic", "auth_request"},
	403: {"deny", "allow", "auth_request", "access_by_lua", "access_by_lua_block", "access_by_lua_file"},
	503: {"limit_req", "limit_conn"},
}

// sets is the directive that sends a field to the backend.
func (s *site) sets(name string) *conf.Directive {
	for _, d := range s.Download.Effective("proxy_set_header", "fastcgi_param", "uwsgi_param", "scgi_param", "grpc_set_header") {
		param := "HTTP_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		if strings.EqualFold(d.Arg(0), name) || d.Arg(0) == param {
			return d
		}
	}
	return nil
}

// ofProtocol is the name of a setting of the route's protocol: proxy_read_timeout.
func ofProtocol(t *Route, suffix string) string {
	if p := cause.Pass(t); p != nil {
		return strings.TrimSuffix(p.Name, "_pass") + suffix
	}
	return "proxy" + suffix
}
