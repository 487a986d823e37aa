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
	"net"
	"net/url"
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
		{"command", "a command ends with exit status 0", func() Check { return &Command{} }},
		{"http", "a URL answers", func() Check { return &HTTP{} }},
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

// bare is an error of the network without what names a URL, which may have a
// password in it.
func bare(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
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
