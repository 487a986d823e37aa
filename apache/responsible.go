package apache

import (
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// responsible is the directive that a neutral finding is about, nil where none
// stands out.
func (s *site) responsible(code string) *conf.Directive {
	d := s.download
	switch code {
	case "proxy-auth-required":
		if d.Status == 401 {
			return d.deciding(StepAccess)
		}
		return provider(d)
	case "proxy-redirects":
		return d.deciding(StepReturn, StepRewrite)
	case "proxy-not-routed":
		return first(d.deciding(StepReturn, StepAccess, StepRewrite), pass(d), d.FileBy, d.Server)
	case "proxy-path-rewritten":
		return first(d.deciding(StepRewrite), pass(d))
	case "proxy-bad-gateway":
		return pass(d)
	case "proxy-host-rejected":
		return first(d.Last("ProxyPreserveHost"), pass(d))
	case "proxy-timeout":
		_, at := s.waits(d)
		return first(at, pass(d))
	case "proxy-scheme-lost":
		return first(field(d, "RequestHeader", "X-Forwarded-Proto"), pass(d))
	case "proxy-direct-broken":
		if x := s.Exchange(diag.DirectGet); x != nil {
			t := s.follow(x)
			return first(t.deciding(StepReturn, StepAccess), t.FileBy)
		}
	case "proxy-method-blocked", "proxy-head-broken":
		if x := s.Exchange(diag.ProxyHead); x != nil {
			t := s.follow(x)
			return first(t.deciding(StepReturn, StepRewrite, StepAccess), t.Last("AllowMethods"))
		}
	case "handoff-not-found":
		if s.handoff != nil {
			return s.handoff.FileBy
		}
	}
	return s.changes(code)
}

// changes is the directive that makes a delivered answer another one than it
// should be, nil where none stands out.
func (s *site) changes(code string) *conf.Directive {
	t := s.download
	if s.handoff != nil {
		t = s.handoff
	}
	switch code {
	case "proxy-header-lost", "proxy-header-duplicated":
		b, p := s.Exchange(diag.BackendGet), s.Exchange(diag.ProxyGet)
		if !b.Answered() || !p.Answered() {
			return nil
		}
		for _, f := range b.Header {
			if !slices.Equal(fields(b).Values(f.Name), fields(p).Values(f.Name)) {
				if at := field(t, "Header", f.Name); at != nil {
					return at
				}
			}
		}
	case "proxy-cache-control-overridden":
		return first(field(t, "Header", "Cache-Control"), t.Last("ExpiresDefault", "ExpiresByType"), field(t, "Header", "Expires"), t.Last("ExpiresActive"))
	case "proxy-ranges-broken":
		return first(t.Last("MaxRanges"), field(t, "RequestHeader", "Range"), field(t, "Header", "Accept-Ranges"))
	case "proxy-conditional-broken":
		for _, name := range []string{"If-None-Match", "If-Modified-Since"} {
			if at := field(t, "RequestHeader", name); at != nil {
				return at
			}
		}
		return first(field(t, "Header", "ETag"), field(t, "Header", "Last-Modified"), t.Last("XSendFileIgnoreEtag", "XSendFileIgnoreLastModified"))
	case "proxy-compressed-download":
		return first(t.Last("SetOutputFilter"), t.Last("AddOutputFilterByType", "FilterProvider"))
	case "proxy-error-masked":
		return first(t.Last("ErrorDocument"), t.Last("ProxyErrorOverride"))
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
