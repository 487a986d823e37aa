package apache

import (
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// responsible is the directive that a neutral finding is about, nil where none
// stands out.
func (s *site) responsible(code string) *conf.Directive {
	d := s.Download
	switch code {
	case "proxy-auth-required":
		if d.Status == 401 {
			return d.Deciding(route.StepAccess)
		}
		return d.Refuser()
	case "proxy-redirects":
		return d.Deciding(route.StepReturn, route.StepRewrite)
	case "proxy-not-routed":
		return cause.First(refusedBy(d), d.Deciding(route.StepReturn, route.StepRewrite), cause.Pass(d), d.FileBy, d.Server)
	case "proxy-path-rewritten":
		return cause.First(d.Deciding(route.StepRewrite), cause.Pass(d))
	case "proxy-bad-gateway":
		if by := d.Deciding(route.StepUnknown); by != nil && (by.Name == "RewriteRule" || strings.HasPrefix(by.Name, "ProxyPass")) {
			return by // to an address that is not known
		}
		return cause.Pass(d)
	case "proxy-host-rejected":
		return cause.First(d.Last("ProxyPreserveHost"), cause.Pass(d))
	case "proxy-timeout":
		_, at := s.waits(d)
		return cause.First(at, cause.Pass(d))
	case "proxy-scheme-lost":
		return cause.First(field(d, "RequestHeader", "X-Forwarded-Proto"), cause.Pass(d))
	case "proxy-direct-broken":
		if x := s.Exchange(diag.DirectGet); x != nil {
			t := s.follow(x)
			return cause.First(refusedBy(t), t.Deciding(route.StepReturn), t.FileBy)
		}
	case "proxy-method-blocked", "proxy-head-broken":
		if x := s.Exchange(diag.ProxyHead); x != nil {
			t := s.follow(x)
			return cause.First(refusedBy(t), t.Deciding(route.StepReturn, route.StepRewrite), t.Last("AllowMethods"))
		}
	case "handoff-name-encoding":
		// What it leaves encoded mod_proxy decodes once more (nocanon keeps it from
		// that): a per cent sign is none then.
		if at := d.state.serverLast("AllowEncodedSlashes"); at != nil && strings.EqualFold(at.Arg(0), "NoDecode") && !d.state.nocanon {
			return at
		}
	case "handoff-not-found":
		if s.Handoff == nil {
			break
		}
		if by := s.Handoff.Deciding(route.StepUnknown); by != nil && by.Name == "Header" {
			return by // it writes a value that is not known
		}
		return s.Handoff.FileBy
	}
	return s.changes(code)
}

// refusedBy is the directive that refuses a request, nil where none does.
func refusedBy(t *Route) *conf.Directive {
	if n := len(t.Steps); t.Outcome == route.Refused && n > 0 && t.Steps[n-1].Kind == route.StepAccess {
		return t.Steps[n-1].Directive
	}
	return nil
}

// changes is the directive that makes a delivered answer another one than it
// should be, nil where none stands out.
func (s *site) changes(code string) *conf.Directive {
	t := s.Download
	if s.Handoff != nil {
		t = s.Handoff
	}
	switch code {
	case "proxy-header-lost", "proxy-header-duplicated":
		return s.Changed(func(name string) *conf.Directive { return field(t, "Header", name) })
	case "proxy-cache-control-overridden":
		return cause.First(field(t, "Header", "Cache-Control"), t.Last("ExpiresDefault", "ExpiresByType"), field(t, "Header", "Expires"), t.Last("ExpiresActive"))
	case "proxy-ranges-broken":
		return cause.First(t.Last("MaxRanges"), field(t, "RequestHeader", "Range"), field(t, "Header", "Accept-Ranges"))
	case "proxy-conditional-broken":
		for _, name := range []string{"If-None-Match", "If-Modified-Since"} {
			if at := field(t, "RequestHeader", name); at != nil {
				return at
			}
		}
		return cause.First(field(t, "Header", "ETag"), field(t, "Header", "Last-Modified"), t.Last("XSendFileIgnoreEtag", "XSendFileIgnoreLastModified"))
	case "proxy-compressed-download":
		return cause.First(t.Last("SetOutputFilter"), t.Last("AddOutputFilterByType", "FilterProvider"))
	case "proxy-error-masked":
		return cause.First(t.Last("ErrorDocument"), t.Last("ProxyErrorOverride"))
	case "proxy-throttled":
		return t.Last("SetEnv")
	case "proxy-stale-file", "proxy-cached-handoff":
		return s.cache(t)
	}
	return nil
}

// field is the last directive in force that changes a field of the header, nil
// for none.
func field(t *Route, directive, name string) *conf.Directive {
	all := t.Effective(directive)
	for _, d := range slices.Backward(all) {
		if slices.ContainsFunc(d.Texts(0)[:min(3, len(d.Args))], func(arg string) bool { return strings.EqualFold(strings.TrimSuffix(arg, ":"), name) }) {
			return d
		}
	}
	return nil
}
