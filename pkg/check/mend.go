package check

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// mend says what to do about an exchange that failed on the port that a flag
// names; "" where the rule's own words are right.
func mend(x *diag.Exchange, flag string) string {
	if x == nil || x.Failure == nil {
		return ""
	}
	f := x.Failure
	switch f.Kind {
	case compare.DNS:
		return "Correct the host's name given with " + flag + ", or give its address with --resolve HOST:PORT:ADDR."
	case compare.Unreachable:
		return "Correct the address given with " + flag + ", or mend the route or the firewall between this machine and it."
	case compare.BadTLS:
		return mendTLS(f.Message, flag)
	case compare.Reset:
		return "Look into the log of the server that " + flag + " points to: it takes connections and ends them without an answer. " +
			"If it speaks TLS on this port, write https:// in the URL."
	case compare.Protocol:
		return "Correct scheme and port given with " + flag + ": something answers there that does not speak HTTP as it should. " +
			"If it is the right server, its log and what stands before it (a filter, a module) are the place to look."
	case compare.TooLong:
		return "See what answers where " + flag + " points (curl -v): no server that is well sends so much. " +
			"Correct the address, or look into that server's log."
	case compare.ShortBody:
		return "Look into the log of the server that " + flag + " points to: it declares more than it sends, or dies while it sends."
	case compare.Timeout:
		if x.Answered() {
			return "Look for what keeps the server that " + flag + " points to from sending: it began to answer and stopped, or sends byte by byte. " +
				"Raise --timeout if it is meant to be that slow."
		}
	}
	return ""
}

// mendTLS goes by how the message of a failed handshake begins, see
// compare.Failure.
func mendTLS(message, flag string) string {
	kind, _, _ := strings.Cut(message, ":")
	switch kind {
	case "wrong name":
		return "Give " + flag + " with a name that the certificate is for (and --resolve HOST:PORT:ADDR where that name leads elsewhere), " +
			"or install a certificate for this name; --insecure looks past it."
	case "expired", "not yet valid":
		return "Renew the certificate and make the server load it, or set the clock that is wrong; --insecure looks past it."
	case "unknown authority":
		return "Let the server send its intermediate certificates too, or let this machine trust the authority; --insecure looks past it."
	case "old version":
		return "Switch TLS 1.2 or TLS 1.3 on in the server: clients refuse what is older."
	}
	return "Look at the TLS settings of the server that " + flag + " points to; --insecure looks past a certificate, not past a failed handshake."
}

// broken judges an answer that began and did not end as it should, where
// nothing more exact is known about it.
func broken(v *diag.View, p *diag.Exchange) fault {
	f := v.Fixture(p.Probe.Role)
	if f == nil {
		return fault{}
	}
	size := f.Size
	text := "The proxy answers " + answer(p) + ". Body: " + body(p) + "."
	switch p.Failure.Kind {
	case compare.Timeout:
		return fault{"proxy-timeout", text}
	case compare.TooLong:
		if p.Body.Declared >= 0 {
			return fault{} // another, longer file, as it says
		}
		return fault{"proxy-body-altered", text + " The file has " + bytes(size) + ", and the answer declares no length."}
	case compare.Protocol:
		if p.Failure.Phase == compare.PhaseHeader {
			return fault{"proxy-unreachable", text}
		}
	}
	return fault{"proxy-truncated", text}
}

// breaksOff says that a port was connected to, and failed in its answer, not
// by letting us wait.
func breaksOff(x *diag.Exchange) bool {
	return x != nil && x.Failure != nil && x.Failure.Kind != compare.Timeout && len(x.Handoffs()) == 0 &&
		(x.Failure.Phase == compare.PhaseHeader || x.Failure.Phase == compare.PhaseBody)
}

// passesOn says that the proxy port breaks off because the backend does.
func passesOn(b, p *diag.Exchange) bool { return breaksOff(b) && breaksOff(p) }
