package compare

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"
)

// FailureKind says what kept an exchange from completing.
type FailureKind string

// The kinds of failure.
const (
	Refused     FailureKind = "refused"     // nothing listens on the port
	Reset       FailureKind = "reset"       // the peer cut the connection or stream, or closed it before the header was whole
	Timeout     FailureKind = "timeout"     // Options.Timeout or Options.Idle ran out, or the system gave up
	DNS         FailureKind = "dns"         // the name does not resolve
	BadTLS      FailureKind = "tls"         // no handshake, or a certificate that is not accepted
	Protocol    FailureKind = "protocol"    // what came is not the HTTP (or TLS) that was spoken to the peer
	ShortBody   FailureKind = "short-body"  // the body ended before its declared end
	TooLong     FailureKind = "too-long"    // header or body crossed the limit; reading was stopped
	Unreachable FailureKind = "unreachable" // no route to the address
	Canceled    FailureKind = "canceled"    // the caller's context was cancelled
	Other       FailureKind = "other"       // a request that cannot be sent, or an error of this machine
)

// The phases of an exchange, as Failure.Phase names them.
const (
	PhaseDNS     = "dns"
	PhaseConnect = "connect"
	PhaseTLS     = "tls"
	PhaseWrite   = "write"
	PhaseHeader  = "header"
	PhaseBody    = "body"
)

// Failure says why an exchange is not complete.
type Failure struct {
	Kind    FailureKind `json:"kind"`
	Message string      `json:"message"` // one sentence for people, without secrets
	Phase   string      `json:"phase,omitempty"`
}

// Error is the message, with the kind before it.
func (f *Failure) Error() string { return string(f.Kind) + ": " + f.Message }

func failf(kind FailureKind, phase, format string, args ...any) *Failure {
	return &Failure{Kind: kind, Phase: phase, Message: fmt.Sprintf(format, args...)}
}

// classify names an error of the connection to peer. nil: it is not one of
// the connection.
func classify(err error, phase, peer string) *Failure {
	var (
		dns *net.DNSError
		op  *net.OpError
	)
	switch {
	case errors.As(err, &dns):
		return failf(DNS, phase, "the name %q does not resolve: %s", dns.Name, dns.Err)
	case isTLS(err):
		return failf(BadTLS, phase, "%s", describeTLS(err, peer))
	case errors.Is(err, errHeadTooLong):
		return failf(TooLong, phase, "%s sends a header without end: stopped after %d KiB", peer, maxHead>>10)
	case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT):
		return failf(Timeout, phase, "%s", timeoutMessage(phase, peer, 0))
	case errors.Is(err, syscall.ECONNREFUSED):
		return failf(Refused, phase, "%s refuses connections: nothing listens there", peer)
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH),
		errors.Is(err, syscall.EADDRNOTAVAIL), errors.Is(err, syscall.EHOSTDOWN):
		return failf(Unreachable, phase, "%s cannot be reached: there is no route to it", peer)
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, syscall.ECONNABORTED):
		return failf(Reset, phase, "%s reset the connection %s", peer, during(phase))
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return failf(Reset, phase, "%s closed the connection %s", peer, during(phase))
	case errors.As(err, &op):
		return failf(Other, phase, "connection to %s: %s", peer, op.Err)
	}
	return nil
}

// during says in words what a phase was about.
func during(phase string) string {
	switch phase {
	case PhaseConnect:
		return "while it was being opened"
	case PhaseTLS:
		return "in the middle of the TLS handshake: is this a TLS port?"
	case PhaseWrite:
		return "before it took the request"
	case PhaseHeader:
		return "without a complete answer"
	}
	return "in the middle of the body"
}

// timeoutMessage says what was waited for; limit 0 is not named.
func timeoutMessage(phase, peer string, limit time.Duration) string {
	within := "in time"
	if limit > 0 {
		within = "within " + limit.String()
	}
	switch phase {
	case PhaseDNS:
		return "the name was not resolved " + within
	case PhaseConnect:
		return peer + " did not accept a connection " + within + ": a firewall may drop the packets"
	case PhaseTLS:
		return peer + " did not finish the TLS handshake " + within
	case PhaseWrite:
		return peer + " did not take the request " + within
	case PhaseHeader:
		return peer + " did not answer the request " + within
	}
	return peer + " did not send the whole body " + within
}

// isTLS reports whether err comes from the handshake, from the check of the
// certificate, or is an alert that the peer sent.
func isTLS(err error) bool {
	var (
		verify *tls.CertificateVerificationError
		op     *net.OpError
		alert  tls.AlertError
		ech    *tls.ECHRejectionError
	)
	switch {
	case errors.As(err, &verify), errors.As(err, &alert), errors.As(err, &ech):
		return true
	case errors.As(err, &op) && (op.Op == "remote error" || op.Op == "local error"):
		return true
	}
	return strings.HasPrefix(err.Error(), "tls: ")
}

// describeTLS says which of the usual TLS faults err is.
func describeTLS(err error, peer string) string {
	var (
		verify  *tls.CertificateVerificationError
		host    x509.HostnameError
		invalid x509.CertificateInvalidError
		unknown x509.UnknownAuthorityError
	)
	var cert *x509.Certificate
	if errors.As(err, &verify) && len(verify.UnverifiedCertificates) > 0 {
		cert = verify.UnverifiedCertificates[0]
	}
	switch text := err.Error(); {
	case errors.As(err, &host):
		names := "no name"
		if host.Certificate != nil {
			if all := certNames(host.Certificate); len(all) > 0 {
				names = strings.Join(all, ", ")
			}
		}
		return fmt.Sprintf("wrong name: the certificate of %s is for %s, not for %s", peer, names, host.Host)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		if c := invalid.Cert; c != nil && c.NotBefore.After(time.Now()) {
			return fmt.Sprintf("not yet valid: the certificate of %s begins on %s", peer, c.NotBefore.UTC().Format(time.DateTime))
		} else if c != nil {
			return fmt.Sprintf("expired: the certificate of %s ended on %s", peer, c.NotAfter.UTC().Format(time.DateTime))
		}
		return "expired: the certificate of " + peer + " is out of date"
	case errors.As(err, &unknown):
		issuer := "an authority"
		if cert != nil {
			issuer = fmt.Sprintf("%q", cert.Issuer.String())
		}
		return fmt.Sprintf("unknown authority: the certificate of %s is signed by %s, which this machine does not trust", peer, issuer)
	case strings.Contains(text, "protocol version"):
		return fmt.Sprintf("old version: %s does not speak TLS 1.2 or newer", peer)
	default:
		text = strings.TrimPrefix(strings.TrimPrefix(text, "remote error: "), "tls: ")
		return fmt.Sprintf("the TLS handshake with %s failed: %s", peer, text)
	}
}

// certNames lists the host names and addresses that a certificate is for.
func certNames(c *x509.Certificate) []string {
	names := append([]string(nil), c.DNSNames...)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	return names
}
