package apache

import (
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var headerUnset = diag.Rule{
	Doc: diag.Doc{
		Code: "apache-header-unset", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "mod_headers takes X-Sendfile away before it is looked at",
		Text: "mod_headers runs before mod_xsendfile: where it removes X-Sendfile nothing is left to act on, " +
			"and the client gets an empty answer. mod_xsendfile removes the header by itself.",
		Fix:    "Take the Header directive away.",
		Before: "XSendFile on\nHeader unset X-Sendfile",
		After:  "XSendFile on",
		Source: "mod_xsendfile documentation, Headers; Apache documentation, mod_headers, Header",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"handoff-ignored"},
	Judge:    judge(judgeHeaderUnset),
}

func judgeHeaderUnset(s *site) *diag.Finding {
	if !s.PassedOn() || s.Exchange(diag.ProxyGet).Header.Has(handoffField) {
		return nil
	}
	var at *conf.Directive
	switch s.Handoff.Outcome {
	case route.Ignored:
		at = s.Handoff.Deciding(StepHeader)
	case route.Undecided: // its condition is not known, and the field is gone
		if d := s.Handoff.Deciding(route.StepUnknown); d != nil && d.Name == "Header" {
			at = d
		}
	}
	if at == nil {
		return nil
	}
	return s.With(s.Found(at, "%s is in force where the download is proxied.", at), s.Handoff)
}
