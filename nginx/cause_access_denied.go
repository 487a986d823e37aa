package nginx

import (
	"net/http"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var accessDenied = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-access-denied", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "Access rules refuse the internal redirect as well",
		Text: "deny, auth_request, or an if that returns 403, is in force in the internal location. Such rules " +
			"are checked for internal redirects too: `internal` alone keeps clients out.",
		Fix:    "Take the rule off the internal location, or write `allow all;` there where it is inherited.",
		Before: "location /protected/ { internal; deny all; alias /srv/media/; }",
		After:  "location /protected/ { internal; alias /srv/media/; }",
		Source: "nginx documentation, ngx_http_access_module, ngx_http_auth_request_module, ngx_http_rewrite_module",
	},
	Check:    "end-to-end",
	Anyway:   true,
	Blocks:   true,
	Symptoms: []string{"handoff-forbidden", "handoff-not-found", "handoff-wrong-content", "proxy-auth-required"},
	Judge:    judge(judgeAccessDenied),
}

func judgeAccessDenied(s *site) *diag.Finding {
	h := s.Handoff
	if !s.Lost() || h == nil {
		return nil
	}
	refusal, logged := s.Logged(cause.Says("access forbidden by rule"))
	own := h.redirected()
	var at *conf.Directive
	switch {
	case s.page != nil:
		at = own.Deciding(route.StepAccess) // the page has another status
	case s.Status() != 403 && s.Status() != 401:
	case h.Outcome == route.Refused:
		at = own.Deciding(route.StepAccess)
	case h.Outcome == route.Returned && h.Status == s.Status():
		at = own.Deciding(route.StepReturn)
	case logged:
		at = refuser(own, "deny", "allow")
	case !s.Logs(failedWith(errPermission)):
		at = cause.First(refuser(own, "auth_request", "auth_basic", "satisfy", "deny", "allow"), supposed(own, s.Status()))
	}
	if at == nil || s.guardsDownload(at) {
		return nil
	}
	f := s.Found(at, "%s is in force in %s, where the handoff goes.", at, blockName(h.Location))
	if logged {
		return s.With(f, h, refusal)
	}
	return s.With(f, h)
}

// guardsDownload says that a rule is in force for the download, too, and the
// same for both: where it refuses, it does so before the backend is asked.
func (s *site) guardsDownload(rule *conf.Directive) bool {
	switch rule.Name {
	case "allow", "deny", "auth_basic":
		return slices.Contains(s.Download.Effective(rule.Name), rule)
	}
	return false
}

// passwordFile is the file of passwords that a route needs and that nginx could
// not open for the download, by the log. It then answers 403 itself
// (ngx_http_auth_basic_handler).
func (s *site) passwordFile(t *Route) *conf.Directive {
	d := last(t.Inside, "auth_basic_user_file")
	if d == nil || !slices.ContainsFunc(t.Provided, func(step route.Step) bool { return step.Directive != nil && step.Directive.Name == "auth_basic" }) {
		return nil
	}
	if s.Logs(func(e cause.Event) bool { return e.Opened == d.Arg(0) || strings.HasSuffix(e.Opened, "/"+d.Arg(0)) }) {
		return d
	}
	return nil
}

// way is cause.Way, and knows that a file of passwords that cannot be opened
// keeps requests from the backend.
func way(v *diag.View, x *diag.Exchange) diag.Way {
	if s := siteOf(v); s != nil && s.File != nil && x.Status == http.StatusForbidden {
		if d := s.passwordFile(s.follow(x)); d != nil {
			return diag.Way{Reached: diag.No, Why: "the file of passwords cannot be opened" + cause.Where(d)}
		}
	}
	return toBackend(v, x)
}

var toBackend = cause.Way(siteOf, (*site).follow)

// refuser is the directive, with one of the names, that may refuse at the end
// of a route.
func refuser(t *Route, names ...string) *conf.Directive {
	for _, step := range t.Provided {
		if step.Directive == nil || !slices.Contains(names, step.Directive.Name) {
			continue
		}
		if denies := t.Effective("deny"); step.Directive.Name == "allow" && len(denies) > 0 {
			return denies[len(denies)-1] // for those who are not allowed
		}
		return step.Directive
	}
	return nil
}
