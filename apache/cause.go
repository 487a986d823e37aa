package apache

import (
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

// rules are the causes that Apache's configuration and log show, and what is
// wrong with a configuration whatever is asked.
func rules() []diag.Rule {
	return []diag.Rule{
		vhostMismatch, htaccessContext, accessDenied, proxyPassOrder, proxyPassExcluded, upstreamUnreachable, proxyPassRewritesPath,
		moduleMissing, guardedOff, xsendfileScope, xsendfileOff, headerUnset,
		pathNotAllowed, permissionDenied,
		etagZero, cacheQuick,
		publicTwin, pathTooWide,
	}
}

// judge makes a rule's function of one that looks at a download's site.
func judge(f func(*site) *diag.Finding) func(*diag.View) []diag.Finding {
	return cause.Judge(siteOf, f)
}

// alone makes a rule's function of two: one that looks at a download's site, and
// one that looks at the configuration where there is no run.
func alone(run func(*site) *diag.Finding, static func(*site) []diag.Finding) func(*diag.View) []diag.Finding {
	return func(v *diag.View) []diag.Finding {
		if v.Alone() {
			return judgeConfig(static)(v)
		}
		return judge(run)(v)
	}
}

// judgeConfig is judge for rules that look at the configuration, with or
// without a run.
func judgeConfig(f func(*site) []diag.Finding) func(*diag.View) []diag.Finding {
	return cause.JudgeConfig(siteOf, f)
}
