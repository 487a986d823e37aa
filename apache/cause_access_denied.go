package apache

import (
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var accessDenied = diag.Rule{
	Doc: diag.Doc{
		Code: "apache-access-denied", Part: diag.PartProxy, Severity: diag.Error,
		Title: "Require refuses the downloads",
		Text: "A Require (or Order, Deny) in force for the download URL refuses the client before the backend is " +
			"asked.",
		Fix:    "Allow the clients that are meant to download, in the section where they are refused.",
		Before: "<Location /dl/>\n  Require all denied\n</Location>",
		After:  "<Location /dl/>\n  Require all granted\n</Location>",
		Source: "Apache documentation, mod_authz_core, Require",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"proxy-not-routed", "handoff-forbidden"},
	Anyway:   true,
	Judge:    judge(judgeAccessDenied),
}

func judgeAccessDenied(s *site) *diag.Finding {
	d := s.Download
	if !s.Lost() || s.Status() != 403 || !s.Shows("proxy-not-routed", "handoff-forbidden", "") {
		return nil
	}
	e, logged := s.Logged(cause.Coded(codeRefused))
	var at *conf.Directive
	switch {
	case d.Outcome == route.Refused && d.Status == 403:
		if last := d.Steps[len(d.Steps)-1]; last.Kind == route.StepAccess {
			at = last.Directive
		}
	case logged && len(d.Provided) > 0, s.unreached() && len(d.Provided) == 1 && slices.Contains(requirements, name(d.Provided[0].Directive)):
		at = d.Provided[len(d.Provided)-1].Directive
	}
	if at == nil || !strings.HasPrefix(d.state.filename, "proxy:") {
		return nil // or what is refused is a file that nobody meant
	}
	f := s.Found(at, "%s is in force for %s.", at, d.URI)
	if logged {
		return s.With(f, d, e)
	}
	return s.With(f, d)
}

// unreached says that the companion, in the backend's place, saw nothing of the
// download.
func (s *site) unreached() bool {
	reached, _ := s.Reached(diag.ProxyGet)
	return s.Stack.Companion && reached == diag.No
}

func name(d *conf.Directive) string {
	if d == nil {
		return ""
	}
	return d.Name
}
