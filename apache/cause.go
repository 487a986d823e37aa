package apache

import (
	"fmt"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// rules are the causes that Apache's configuration and log show, and what is
// wrong with a configuration whatever is asked.
func rules() []diag.Rule {
	return []diag.Rule{
		vhostMismatch, accessDenied, proxyPassOrder, proxyPassExcluded, upstreamUnreachable, proxyPassRewritesPath,
		moduleMissing, guardedOff, xsendfileScope, xsendfileOff, headerUnset,
		pathNotAllowed, permissionDenied,
		etagZero, cacheQuick,
		publicTwin, pathTooWide,
	}
}

// Certainties of a cause: the configuration says so, and the log does too.
const (
	configured = 1
	proven     = 2
)

// judge makes a rule's function of one that looks at a site.
func judge(f func(*site) *diag.Finding) func(*diag.View) []diag.Finding {
	return func(v *diag.View) []diag.Finding {
		s := siteOf(v)
		if s == nil || s.file == nil {
			return nil
		}
		if found := f(s); found != nil {
			return []diag.Finding{*found}
		}
		return nil
	}
}

// judgeConfig is judge for rules that look at the configuration, with or
// without a run.
func judgeConfig(f func(*site) []diag.Finding) func(*diag.View) []diag.Finding {
	return func(v *diag.View) []diag.Finding {
		if s := siteOf(v); s != nil {
			return f(s)
		}
		return nil
	}
}

// found is a cause at a directive, nil for one that stands nowhere.
func found(at *conf.Directive, format string, args ...any) *diag.Finding {
	f := &diag.Finding{Detail: fmt.Sprintf(format, args...), Location: place(at), Certainty: configured}
	if at != nil {
		f.Evidence = append(f.Evidence, quote("the directive", at))
	}
	return f
}

// with adds the way through the configuration, and the log.
func (s *site) with(f *diag.Finding, t *Route, events ...event) *diag.Finding {
	f.Evidence = append(f.Evidence, diag.Evidence{Kind: diag.EvidenceConfig, Text: "the way through the configuration: " + chain(t)})
	for _, e := range events {
		f.Evidence = append(f.Evidence, s.line(e))
		f.Certainty = proven
	}
	return f
}

// chain writes the steps of a route in one line.
func chain(t *Route) string {
	var steps []string
	for _, step := range t.Steps {
		text := step.Text
		if step.Directive != nil && step.Directive.Pos.Line > 0 {
			text = fmt.Sprintf("%s (line %d)", text, step.Directive.Pos.Line)
		}
		steps = append(steps, text)
	}
	return strings.Join(steps, " → ")
}

// deciding is the last directive of a route with one of the kinds, nil for none.
func (t *Route) deciding(kinds ...StepKind) *conf.Directive {
	for i := len(t.Steps) - 1; i >= 0; i-- {
		if step := t.Steps[i]; step.Directive != nil && slices.Contains(kinds, step.Kind) {
			return step.Directive
		}
	}
	return nil
}

func first(list ...*conf.Directive) *conf.Directive {
	for _, d := range list {
		if d != nil && d.Pos.Line > 0 {
			return d
		}
	}
	return nil
}
