package check

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// alsoAsked adds to a finding about the plain download what was asked for its
// sake, and what that says.
func alsoAsked(v *diag.View, code string, f *diag.Finding) {
	switch code {
	case "proxy-host-rejected":
		addSaid(f, hostRejection(v))
	case "proxy-request-header-lost":
		for _, x := range refusalOf(v).lost {
			addSaid(f, x)
		}
	case "backend-error-status":
		for _, x := range refusalOf(v).forwarded {
			addSaid(f, x)
		}
		f.Fix = "Let the application take requests that come by way of this proxy: its list of trusted proxies, of clients' addresses, of hosts, its demand for https. " +
			"Or let the proxy send what the application expects. The application's log says why it refuses."
	case "handoff-echoed":
		addSaid(f, v.Exchange(backendEcho))
	case "handoff-not-found":
		if keptPrefix(v) {
			canary := v.Fixture(roleCanary)
			f.Detail += fmt.Sprintf(" It keeps the prefix: a file that was put at %s for a moment came instead of the one at %s.",
				canary.Path, v.Fixture(diag.RoleMain).Path)
			f.Fix = "Map the prefix itself to the storage's folder, so that it is not looked for below it."
			addSaid(f, v.Exchange(proxyCanary))
		}
		directly(v, f)
	case "handoff-forbidden":
		directly(v, f)
	}
}

func addSaid(f *diag.Finding, x *diag.Exchange) {
	if x != nil {
		f.Evidence = append(f.Evidence, said(x))
	}
}

// directly tells a storage that the proxy cannot read from a handoff that is
// wired wrongly, by what the direct location answers for the same file.
func directly(v *diag.View, f *diag.Finding) {
	x, p := v.Exchange(diag.DirectGet), v.Exchange(diag.ProxyGet)
	if !x.Answered() {
		return
	}
	switch {
	case x.Delivers():
		f.Detail += " The direct location delivers the file: the proxy can read it, and the way to it is wired wrongly."
	case x.Status == 403 && p.Status == 403:
		f.Detail += " The direct location answers 403 too: either the proxy may not read the file, or a rule refuses both."
	case x.Status == p.Status:
		f.Detail += fmt.Sprintf(" The direct location answers %s too.", status(x))
	default:
		return
	}
	addSaid(f, x)
}
