package nginx

import (
	"slices"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// enrich adds to a finding of the neutral package the directive that is
// responsible, and to any finding what the log says about the download.
func enrich(v *diag.View, f *diag.Finding) {
	s := siteOf(v)
	if s == nil || s.download == nil {
		return
	}
	if f.Location == nil {
		if at := s.responsible(f.Code); at != nil {
			f.Location = place(at)
			f.Evidence = append(f.Evidence, quote("the directive", at))
		}
	}
	quoted := slices.ContainsFunc(f.Evidence, func(e diag.Evidence) bool { return e.Kind == diag.EvidenceLog })
	if e, ok := s.logged(func(event) bool { return true }); ok && !quoted && !s.Delivered() {
		f.Evidence = append(f.Evidence, s.line(e))
	}
}

// responsible is the directive that a neutral finding is about, nil where none
// stands out.
func (s *site) responsible(code string) *conf.Directive {
	d := s.download
	switch code {
	case "proxy-auth-required":
		return first(s.deciding(StepAccess), refuser(d, refusers[401]...))
	case "proxy-redirects":
		return first(s.deciding(StepReturn, StepRewrite), supposed(d, s.status()))
	case "proxy-not-routed":
		return first(s.deciding(StepReturn, StepAccess, StepInternal), supposed(d, s.status()), refuser(d, refusers[s.status()]...), pass(d), d.FileBy, d.Location, d.Server)
	case "proxy-unreachable":
		if s.closed() {
			return s.deciding(StepReturn)
		}
	case "proxy-path-rewritten":
		return first(s.deciding(StepRewrite), pass(d))
	case "proxy-bad-gateway":
		if s.handedOff() && s.handoff.upstream() != nil {
			return pass(s.handoff)
		}
		return first(refuser(d, refusers[s.status()]...), pass(d))
	case "proxy-timeout":
		return first(last(d.Inside, ofProtocol(d, "_read_timeout")), last(d.Inside, ofProtocol(d, "_connect_timeout")), pass(d))
	case "proxy-host-rejected":
		return first(s.sets("Host"), pass(d))
	case "proxy-scheme-lost":
		return first(s.sets("X-Forwarded-Proto"), pass(d))
	case "proxy-direct-broken":
		if x := s.Exchange(diag.DirectGet); x != nil {
			_, t := s.follow(x)
			return first(decidingOf(t, StepReturn, StepAccess, StepInternal), t.FileBy, t.Location)
		}
	case "proxy-method-blocked", "proxy-head-broken":
		if x := s.Exchange(diag.ProxyHead); x != nil {
			_, t := s.follow(x)
			return first(decidingOf(t, StepReturn, StepAccess), supposed(t, x.Status), t.Inside)
		}
	case "handoff-internal-exposed", "handoff-traversal":
		if s.handoff != nil {
			return s.handoff.Location
		}
	case "handoff-not-found", "handoff-forbidden", "handoff-wrong-content":
		if s.handoff != nil {
			return first(s.handoff.FileBy, s.handoff.Location)
		}
	}
	return nil
}

// supposed is the return that gives a status, in the if that cannot be decided
// and that ends a route; nil where there is none.
func supposed(t *Route, status int) *conf.Directive {
	at := decidingOf(t, StepUnknown)
	if t.Outcome != Undecided || at == nil {
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

// deciding is the last directive of the download's way with one of the kinds.
func (s *site) deciding(kinds ...StepKind) *conf.Directive { return decidingOf(s.download, kinds...) }

func decidingOf(t *Route, kinds ...StepKind) *conf.Directive {
	for i := len(t.Steps) - 1; i >= 0; i-- {
		if step := t.Steps[i]; step.Directive != nil && slices.Contains(kinds, step.Kind) {
			return step.Directive
		}
	}
	return nil
}

// sets is the directive that sends a field to the backend.
func (s *site) sets(name string) *conf.Directive {
	for _, d := range s.download.Effective("proxy_set_header", "fastcgi_param", "uwsgi_param", "scgi_param", "grpc_set_header") {
		param := "HTTP_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		if strings.EqualFold(d.Arg(0), name) || d.Arg(0) == param {
			return d
		}
	}
	return nil
}

// pass is the directive that hands a route to its upstream.
func pass(t *Route) *conf.Directive {
	if u := t.upstream(); u != nil {
		return u.Pass
	}
	return nil
}

// ofProtocol is the name of a setting of the route's protocol: proxy_read_timeout.
func ofProtocol(t *Route, suffix string) string {
	if p := pass(t); p != nil {
		return strings.TrimSuffix(p.Name, "_pass") + suffix
	}
	return "proxy" + suffix
}

func first(list ...*conf.Directive) *conf.Directive {
	for _, d := range list {
		if d != nil && d.Pos.Line > 0 {
			return d
		}
	}
	return nil
}
