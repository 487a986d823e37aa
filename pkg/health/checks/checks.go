// Package checks holds the kinds of check that can be asked for by name: one
// file a kind. A kind is a struct whose fields are its settings, with the tags
// `yaml` (the name in a file; the first setting is called like the kind) and
// `doc` (a sentence about it). To add one, write its file and its line in
// [Kinds].
package checks

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"strings"
	"time"

	"github.com/proxydiag/proxydiag/pkg/health"
)

// Kind is one kind of check.
type Kind struct {
	// Name is what it is called in a file.
	Name string
	// Title says what is true where it passes.
	Title string
	// New makes one with its defaults.
	New func() Check
}

// Check is a check with its settings.
type Check interface {
	// Validate says what is wrong with the settings. It touches nothing.
	Validate() error
	// Check looks once; see [health.Check.Observe]. It ends with ctx, keeps
	// nothing open, and its error has no credentials in it.
	Check(ctx context.Context) (health.Observation, error)
}

// Kinds are all kinds.
func Kinds() []Kind {
	return []Kind{
		{"celery", "workers reply to a ping over their broker", func() Check { return &Celery{} }},
		{"command", "a command ends with exit status 0", func() Check { return &Command{} }},
		{"disk", "a file system has space left", newDisk},
		{"dns", "a name is known", func() Check { return &DNS{} }},
		{"http", "a URL answers", func() Check { return &HTTP{} }},
		{"memcached", "a value can be set, read and deleted", func() Check { return &Memcached{} }},
		{"memory", "there is memory left", newMemory},
		{"mysql", "the database answers; a row can be written; no migration is due", func() Check { return &MySQL{} }},
		{"postgres", "the database answers; a row can be written; no migration is due", func() Check { return &Postgres{} }},
		{"rabbitmq", "a message can be sent and received", func() Check { return &RabbitMQ{} }},
		{"redis", "a value can be set, read and deleted", func() Check { return &Redis{} }},
		{"smtp", "a mail server greets", func() Check { return &SMTP{} }},
		{"sqlite", "the database answers; a row can be written; no migration is due", func() Check { return &SQLite{} }},
		{"storage", "a file can be stored, read and removed", func() Check { return &Storage{} }},
		{"tls", "a certificate is valid, and will be for some time", func() Check { return &TLS{Warn: 21 * day} }},
	}
}

const day = 24 * time.Hour

// none is a check that has nothing to tell but an error.
func none(err error) (health.Observation, error) { return health.Observation{}, err }

// slow is an observation of a time, and a warning where it is longer than warn,
// which is none where it is 0.
func slow(what string, took, warn time.Duration) (health.Observation, error) {
	o := health.Observation{Text: what, Value: float64(took.Microseconds()) / 1000, Unit: "ms"}
	if warn > 0 && took > warn {
		return o, health.Warn("%s, and took %s; more than %s is a warning", what, took.Round(time.Millisecond), warn)
	}
	return o, nil
}

// dialUntil makes connections that end with ctx, whatever the driver does then:
// a server that takes what it is told and says nothing holds nobody up.
func dialUntil(ctx context.Context) func(context.Context, string, string) (net.Conn, error) {
	return func(dialing context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(dialing, network, address)
		if err != nil {
			return nil, err
		}
		return &bound{Conn: conn, free: context.AfterFunc(ctx, func() { _ = conn.Close() })}, nil
	}
}

// bound is a connection that ends with a context.
type bound struct {
	net.Conn
	free func() bool
}

// Close implements [net.Conn].
func (b *bound) Close() error {
	b.free()
	return b.Conn.Close()
}

// until is ctx's error where it has one, and err where not.
func until(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
}

// scrubbed is an error without what a driver may have put into it: passwords,
// and the connection's URL.
func scrubbed(err error, secrets ...string) error {
	if err == nil || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return err
	}
	text := err.Error()
	for _, s := range secrets {
		for _, form := range []string{s, url.QueryEscape(s), url.PathEscape(s)} {
			if form != "" {
				text = strings.ReplaceAll(text, form, "…")
			}
		}
	}
	return errors.New(firstLine(strings.Join(strings.Fields(text), " ")))
}

// bare is an error without what names a URL, which may have a password in it, or
// a file, which may be a secret's.
func bare(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		err = e.Err
	}
	return err
}

// hostPort checks HOST:PORT.
func hostPort(setting, text string) error {
	host, port, err := net.SplitHostPort(text)
	if err != nil || host == "" || port == "" {
		return fmt.Errorf("%s: %q is no HOST:PORT", setting, text)
	}
	return nil
}
