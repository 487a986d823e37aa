package checks

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"github.com/proxydiag/proxydiag/pkg/health"
)

// SMTP greets a mail server and sends no mail.
type SMTP struct {
	Address    string        `yaml:"smtp" doc:"HOST:PORT of the server"`
	Security   string        `yaml:"security" doc:"starttls (it must offer it), tls (from the first byte), or none; without it STARTTLS is tried where it is offered"`
	User       string        `yaml:"user" doc:"who logs in, by AUTH PLAIN; only over TLS, or to localhost"`
	Password   string        `yaml:"password" doc:"the password of user"`
	Hello      string        `yaml:"hello" doc:"the name in EHLO (localhost)"`
	ServerName string        `yaml:"server_name" doc:"whom the certificate must be for; without it HOST"`
	Authority  string        `yaml:"ca" path:"file" doc:"a file of authorities to trust, instead of the system's"`
	Insecure   bool          `yaml:"insecure" doc:"accept any TLS certificate"`
	Warn       time.Duration `yaml:"warn" doc:"a slower answer is a warning"`
}

// Validate implements [Check].
func (c *SMTP) Validate() error {
	if (c.User == "") != (c.Password == "") {
		return errors.New("user and password belong together; give both")
	}
	switch c.Security {
	case "", "starttls", "tls", "none":
		return hostPort("smtp", c.Address)
	}
	return errors.New("security: choose starttls, tls or none")
}

// Check implements [Check].
func (c *SMTP) Check(ctx context.Context) (health.Observation, error) {
	config, err := tlsConfig(c.Address, c.ServerName, c.Authority, c.Insecure)
	if err != nil {
		return none(err)
	}
	start := time.Now()
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", c.Address)
	if err != nil {
		return none(err)
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })()
	text, err := c.talk(conn, config)
	switch {
	case ctx.Err() != nil:
		return none(ctx.Err())
	case err != nil:
		sent := base64.StdEncoding.EncodeToString([]byte("\x00" + c.User + "\x00" + c.Password))
		return none(scrubbed(err, c.Password, sent))
	}
	return slow(text, time.Since(start), c.Warn)
}

// talk speaks with the server until QUIT.
func (c *SMTP) talk(conn net.Conn, config *tls.Config) (string, error) {
	if c.Security == "tls" {
		conn = tls.Client(conn, config)
	}
	client, err := smtp.NewClient(conn, config.ServerName)
	if err != nil {
		return "", said("it does not greet", err)
	}
	hello := c.Hello
	if hello == "" {
		hello = "localhost"
	}
	if err := client.Hello(hello); err != nil {
		return "", said("it refuses EHLO", err)
	}
	text := "it greets"
	if c.Security == "tls" {
		text = "it greets over TLS"
	}
	if offered, _ := client.Extension("STARTTLS"); c.Security == "starttls" && !offered {
		return "", errors.New("it does not offer STARTTLS")
	} else if offered && (c.Security == "starttls" || c.Security == "") {
		if err := client.StartTLS(config); err != nil {
			return "", said("STARTTLS", err)
		}
		text = "it greets, and again after STARTTLS"
	}
	if c.User != "" {
		if err := c.login(client, config.ServerName); err != nil {
			return "", err
		}
		text += "; " + firstLine(c.User) + " can log in"
	}
	if err := client.Quit(); err != nil {
		return "", said("QUIT", err)
	}
	return text, nil
}

// login logs in (RFC 4954). The library sends no password without TLS but to this
// machine.
func (c *SMTP) login(client *smtp.Client, host string) error {
	if _, ways := client.Extension("AUTH"); !slices.Contains(strings.Fields(strings.ToUpper(ways)), "PLAIN") {
		return errors.New("it does not offer AUTH PLAIN")
	}
	if err := client.Auth(smtp.PlainAuth("", c.User, c.Password, host)); err != nil {
		return said("AUTH", err)
	}
	return nil
}

// said is an error with the server's answer, where there is one.
func said(what string, err error) error {
	if e, ok := errors.AsType[*textproto.Error](err); ok {
		return fmt.Errorf("%s: %d %s", what, e.Code, firstLine(e.Msg))
	}
	return fmt.Errorf("%s: %w", what, err)
}
