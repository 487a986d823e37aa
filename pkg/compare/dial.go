package compare

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"net"
	"net/http/httptrace"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// connect opens the connection, with TLS where the URL says https. The
// second result closes it at once, whoever uses it.
func (x *run) connect() (net.Conn, func(), error) {
	x.phase = PhaseConnect
	x.peer = x.target()
	start := time.Now()
	var dns time.Duration
	var asked time.Time
	ctx := httptrace.WithClientTrace(x.ctx, &httptrace.ClientTrace{
		DNSStart: func(httptrace.DNSStartInfo) { asked, x.phase = time.Now(), PhaseDNS },
		DNSDone: func(i httptrace.DNSDoneInfo) {
			dns = time.Since(asked)
			if i.Err == nil {
				x.phase = PhaseConnect
			}
		},
	})
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", x.peer)
	x.ex.Timing.DNS = milliseconds(dns)
	x.ex.Timing.Connect = milliseconds(time.Since(start) - dns)
	if err != nil {
		return nil, nil, err
	}
	x.peer = raw.RemoteAddr().String()
	x.ex.Remote = x.peer
	closeRaw := func() { _ = raw.Close() }
	if x.url.Scheme != "https" {
		return raw, closeRaw, nil
	}
	conn, err := x.handshake(raw)
	if err != nil {
		closeRaw()
		return nil, nil, err
	}
	return conn, closeRaw, nil
}

// target is the address to connect to: the URL's, or what Resolve says of it.
func (x *run) target() string {
	addr := address(x.url)
	to, ok := x.opt.Resolve[strings.ToLower(addr)]
	if !ok {
		return addr
	}
	_, port, _ := net.SplitHostPort(addr)
	bare := strings.TrimSuffix(strings.TrimPrefix(to, "["), "]")
	if _, err := netip.ParseAddr(bare); err == nil {
		return net.JoinHostPort(bare, port)
	}
	if _, _, err := net.SplitHostPort(to); err == nil {
		return to
	}
	return net.JoinHostPort(to, port)
}

// handshake speaks TLS over raw and notes what it showed.
func (x *run) handshake(raw net.Conn) (*tls.Conn, error) {
	x.phase = PhaseTLS
	start := time.Now()
	config := &tls.Config{
		ServerName:         strings.TrimSuffix(x.url.Hostname(), "."),
		NextProtos:         []string{"h2", "http/1.1"},
		InsecureSkipVerify: x.opt.Insecure,
		RootCAs:            x.opt.RootCAs,
	}
	if x.opt.ForceHTTP1 {
		config.NextProtos = []string{"http/1.1"}
	}
	conn := tls.Client(raw, config)
	err := conn.HandshakeContext(x.ctx)
	x.ex.Timing.TLS = milliseconds(time.Since(start))
	facts := &TLS{ServerName: config.ServerName}
	var verify *tls.CertificateVerificationError
	if errors.As(err, &verify) && len(verify.UnverifiedCertificates) > 0 {
		facts.certificate(verify.UnverifiedCertificates)
		x.ex.TLS = facts
	}
	if err != nil {
		return nil, x.plaintext(err)
	}
	s := conn.ConnectionState()
	facts.Version = tls.VersionName(s.Version)
	facts.Cipher = tls.CipherSuiteName(s.CipherSuite)
	facts.ALPN = s.NegotiatedProtocol
	facts.certificate(s.PeerCertificates)
	x.ex.TLS = facts
	return conn, nil
}

// plaintext names the failed handshake with a peer that does not speak TLS.
func (x *run) plaintext(err error) error {
	var record tls.RecordHeaderError
	if !errors.As(err, &record) {
		return err
	}
	if string(record.RecordHeader[:]) == "HTTP/" {
		return failf(Protocol, PhaseTLS, "%s answers in plain HTTP: write http:// in the URL, or switch TLS on for this port", x.peer)
	}
	return failf(Protocol, PhaseTLS, "%s does not speak TLS: it sent %q", x.peer, record.RecordHeader[:])
}

func basic(u *url.Userinfo) string {
	password, _ := u.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(u.Username()+":"+password))
}

// certificate notes the server's own certificate, the first of the chain.
func (t *TLS) certificate(chain []*x509.Certificate) {
	if len(chain) == 0 {
		return
	}
	c := chain[0]
	t.Subject, t.Issuer = c.Subject.String(), c.Issuer.String()
	t.DNSNames = certNames(c)
	t.NotBefore, t.NotAfter = c.NotBefore, c.NotAfter
}
