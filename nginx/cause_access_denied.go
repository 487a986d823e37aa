package nginx

import (
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

var accessDenied = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-access-denied", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "Access rules refuse the internal redirect as well",
		Text: "deny, or auth_request, is in force in the internal location. Such rules are checked for " +
			"internal redirects too: `internal` alone keeps clients out.",
		Fix:    "Take the rule off the internal location, or write `allow all;` there where it is inherited.",
		Before: "location /protected/ { internal; deny all; alias /srv/media/; }",
		After:  "location /protected/ { internal; alias /srv/media/; }",
		Source: "nginx documentation, ngx_http_access_module, ngx_http_auth_request_module",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"handoff-forbidden"},
	Judge:    judge(judgeAccessDenied),
}

func judgeAccessDenied(s *site) *diag.Finding {
	h := s.handoff
	if !s.lost() || h == nil || s.status() != 403 && s.status() != 401 {
		return nil
	}
	refusal, logged := s.logged(says("access forbidden by rule"))
	var at *conf.Directive
	for _, step := range h.Steps {
		if step.Kind == StepAccess && h.Outcome == Refused && step.Directive != nil {
			at = step.Directive
		}
	}
	if at == nil && logged {
		if denies := h.Effective("deny"); len(denies) > 0 {
			at = denies[len(denies)-1]
		}
	}
	if at == nil && !s.logs(failedWith(errPermission)) {
		for _, step := range h.Provided {
			if step.Directive != nil && (step.Directive.Name == "auth_request" || step.Directive.Name == "auth_basic" || step.Directive.Name == "satisfy") {
				at = step.Directive
			}
		}
	}
	if at == nil {
		return nil
	}
	f := found(at, "%s is in force in %s, where the handoff goes.", at, blockName(h.Location))
	if logged {
		return s.with(f, h, refusal)
	}
	return s.with(f, h)
}

// logs says that the log has such an event about the download.
func (s *site) logs(pick func(event) bool) bool {
	_, ok := s.logged(pick)
	return ok
}
