package lighttpd

import (
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

// rules are the causes that lighttpd's configuration and log show, and what is
// wrong with a configuration whatever is asked.
func rules() []diag.Rule {
	return []diag.Rule{
		upstreamUnreachable, legacyHeader,
		xsendfileOff, docrootExcludes, permissionDenied,
		publicTwin, docrootUnset,
	}
}

// judge makes a rule's function of one that looks at a download's site.
func judge(f func(*site) *diag.Finding) func(*diag.View) []diag.Finding {
	return cause.Judge(siteOf, f)
}

// judgeConfig is judge for rules that look at the configuration, with or
// without a run.
func judgeConfig(f func(*site) []diag.Finding) func(*diag.View) []diag.Finding {
	return cause.JudgeConfig(siteOf, f)
}
