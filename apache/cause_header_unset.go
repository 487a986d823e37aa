package apache

import (
	"strings"

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
	Static:   true,
	Partly:   true,
	Anyway:   true,
	Judge:    alone(judgeHeaderUnset, lintHeaderUnset),
}

// lintHeaderUnset looks at blocks that switch XSendFile on and take its header
// away, where nothing puts it back.
func lintHeaderUnset(s *site) []diag.Finding {
	var list []diag.Finding
	back := false
	s.conf.Top.Walk(func(d *conf.Directive) bool {
		action, conditional, ok := changesHandoff(d)
		if !ok {
			return true
		}
		back = back || action != "unset"
		by := lastOf(d.Parent.All("XSendFile"))
		if action == "unset" && !conditional && by != nil && strings.EqualFold(by.Arg(0), "on") {
			f := s.Found(d, "%s takes away what mod_xsendfile is to act on.", d)
			f.Evidence = append(f.Evidence, s.Quote("what switches it on in the same block", by))
			list = append(list, *f)
		}
		return true
	})
	if back {
		return nil
	}
	return list
}

// changesHandoff is what a Header directive does to the handoff's field of what
// an upstream answers; ok is false for other directives.
func changesHandoff(d *conf.Directive) (action string, conditional, ok bool) {
	words := d.Texts(0)
	if d.Name == "Header" && len(words) > 0 && strings.EqualFold(words[0], "onsuccess") {
		words = words[1:]
	}
	if d.Name != "Header" || len(words) < 2 || !strings.EqualFold(strings.TrimSuffix(words[1], ":"), handoffField) {
		return "", false, false
	}
	return strings.ToLower(words[0]), len(words) > 2, true
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
