package checks

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/proxydiag/proxydiag/pkg/health"
)

// TLS looks at the certificate that a server shows.
type TLS struct {
	Address    string        `yaml:"tls" doc:"HOST:PORT of the server"`
	ServerName string        `yaml:"server_name" doc:"whom the certificate must be for; without it HOST"`
	Warn       time.Duration `yaml:"warn" doc:"a certificate that expires sooner is a warning (21d)"`
	Fail       time.Duration `yaml:"fail" doc:"one that expires sooner is a failure"`
	Authority  string        `yaml:"ca" path:"file" doc:"a file of authorities to trust, instead of the system's"`
	Insecure   bool          `yaml:"insecure" doc:"look at the date alone, whoever signed it for whom"`
}

// Validate implements [Check].
func (c *TLS) Validate() error {
	if c.Fail > c.Warn && c.Warn > 0 {
		return fmt.Errorf("fail: %s is earlier than warn", c.Fail)
	}
	return hostPort("tls", c.Address)
}

// Check implements [Check].
func (c *TLS) Check(ctx context.Context) (health.Observation, error) {
	host, _, _ := net.SplitHostPort(c.Address)
	if c.ServerName != "" {
		host = c.ServerName
	}
	var shown []*x509.Certificate
	dialer := tls.Dialer{Config: &tls.Config{
		ServerName: host, InsecureSkipVerify: true, // it is verified below, so that its date is known in any case
		VerifyConnection: func(s tls.ConnectionState) error { shown = s.PeerCertificates; return nil },
	}}
	conn, err := dialer.DialContext(ctx, "tcp", c.Address)
	if err != nil && len(shown) == 0 {
		return none(err)
	}
	if conn != nil {
		_ = conn.Close()
	}
	leaf := shown[0]
	left := time.Until(leaf.NotAfter)
	o := health.Observation{Text: "it is valid until " + leaf.NotAfter.UTC().Format(time.DateOnly), Value: float64(int(left.Hours() / 24)), Unit: "days"}
	if left <= 0 {
		return o, fmt.Errorf("it expired on %s", leaf.NotAfter.UTC().Format(time.DateOnly))
	}
	if !c.Insecure {
		if err := c.verify(host, shown); err != nil {
			return o, err
		}
	}
	switch {
	case left < c.Fail:
		return o, errors.New(o.Text)
	case left < c.Warn:
		return o, health.Warn("%s", o.Text)
	}
	return o, nil
}

func (c *TLS) verify(host string, shown []*x509.Certificate) error {
	options := x509.VerifyOptions{DNSName: host, Intermediates: x509.NewCertPool()}
	for _, cert := range shown[1:] {
		options.Intermediates.AddCert(cert)
	}
	var err error
	if c.Authority != "" {
		if options.Roots, err = authorities(c.Authority); err != nil {
			return err
		}
	}
	if _, err = shown[0].Verify(options); err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "x509: "))
	}
	return nil
}

// authorities are those of a file.
func authorities(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, errors.New("the file of authorities cannot be read")
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New("the file of authorities has no certificate in it")
	}
	return pool, nil
}

// tlsConfig is for a client of a server at HOST:PORT, whose certificate is for
// another name and of other authorities where these are given.
func tlsConfig(address, name, file string, insecure bool) (*tls.Config, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	if name != "" {
		host = name
	}
	config := &tls.Config{ServerName: host, InsecureSkipVerify: insecure}
	if file != "" {
		if config.RootCAs, err = authorities(file); err != nil {
			return nil, err
		}
	}
	return config, nil
}
