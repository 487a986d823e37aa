package checks

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/proxydiag/proxydiag/pkg/health"
)

// DNS asks for a name.
type DNS struct {
	Name   string        `yaml:"dns" doc:"the name that is asked for"`
	Type   string        `yaml:"type" doc:"A, AAAA, CNAME, MX, NS, PTR, SRV or TXT; without it A or AAAA"`
	Server string        `yaml:"server" doc:"HOST or HOST:PORT to ask instead of the system's resolver"`
	Expect []string      `yaml:"expect" doc:"answers that must be among those that come"`
	Warn   time.Duration `yaml:"warn" doc:"a slower answer is a warning"`
}

// lookups are the types of records that can be asked for, with how.
var lookups = map[string]func(context.Context, *net.Resolver, string) ([]string, error){
	"": func(ctx context.Context, r *net.Resolver, name string) ([]string, error) {
		return r.LookupHost(ctx, name)
	},
	"A":    addresses("ip4"),
	"AAAA": addresses("ip6"),
	"CNAME": func(ctx context.Context, r *net.Resolver, name string) ([]string, error) {
		target, err := r.LookupCNAME(ctx, name)
		return []string{target}, err
	},
	"MX": func(ctx context.Context, r *net.Resolver, name string) ([]string, error) {
		list, err := r.LookupMX(ctx, name)
		return each(list, func(m *net.MX) string { return m.Host }), err
	},
	"NS": func(ctx context.Context, r *net.Resolver, name string) ([]string, error) {
		list, err := r.LookupNS(ctx, name)
		return each(list, func(n *net.NS) string { return n.Host }), err
	},
	"PTR": func(ctx context.Context, r *net.Resolver, name string) ([]string, error) {
		return r.LookupAddr(ctx, name)
	},
	"SRV": func(ctx context.Context, r *net.Resolver, name string) ([]string, error) {
		_, list, err := r.LookupSRV(ctx, "", "", name)
		return each(list, func(s *net.SRV) string { return net.JoinHostPort(dotless(s.Target), strconv.Itoa(int(s.Port))) }), err
	},
	"TXT": func(ctx context.Context, r *net.Resolver, name string) ([]string, error) {
		return r.LookupTXT(ctx, name)
	},
}

func addresses(network string) func(context.Context, *net.Resolver, string) ([]string, error) {
	return func(ctx context.Context, r *net.Resolver, name string) ([]string, error) {
		list, err := r.LookupIP(ctx, network, name)
		return each(list, net.IP.String), err
	}
}

func each[T any](list []T, text func(T) string) []string {
	var out []string
	for _, v := range list {
		out = append(out, text(v))
	}
	return out
}

func dotless(name string) string { return strings.TrimSuffix(name, ".") }

// Validate implements [Check].
func (c *DNS) Validate() error {
	switch {
	case dotless(c.Name) == "" || strings.ContainsAny(c.Name, " /:@") && c.Type != "PTR":
		return errors.New("dns: write the name, like www.example.org")
	case lookups[strings.ToUpper(c.Type)] == nil:
		return errors.New("type: choose A, AAAA, CNAME, MX, NS, PTR, SRV or TXT")
	case c.Type != "" && strings.EqualFold(c.Type, "PTR") && net.ParseIP(c.Name) == nil:
		return errors.New("dns: PTR asks for an address, like 192.0.2.1")
	case c.Server != "":
		return hostPort("server", c.server())
	}
	return nil
}

// server is the address of the server that is asked.
func (c *DNS) server() string {
	if _, _, err := net.SplitHostPort(c.Server); err == nil {
		return c.Server
	}
	return net.JoinHostPort(strings.Trim(c.Server, "[]"), "53")
}

// Check implements [Check]. A name with a dot in it is asked for as it is,
// whatever the system would append.
func (c *DNS) Check(ctx context.Context) (health.Observation, error) {
	resolver, name := &net.Resolver{}, c.Name
	if c.Server != "" {
		resolver.PreferGo = true
		resolver.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, c.server())
		}
	}
	if strings.Contains(name, ".") && net.ParseIP(name) == nil && !strings.HasSuffix(name, ".") {
		name += "."
	}
	start := time.Now()
	answers, err := lookups[strings.ToUpper(c.Type)](ctx, resolver, name)
	took := time.Since(start)
	if err != nil {
		if e, ok := errors.AsType[*net.DNSError](err); ok && ctx.Err() == nil {
			return none(fmt.Errorf("%s: %s", c.Name, e.Err))
		}
		return none(err)
	}
	slices.Sort(answers)
	text := strings.Join(answers, ", ")
	for _, want := range c.Expect {
		if !slices.ContainsFunc(answers, func(a string) bool { return sameAnswer(a, want) }) {
			return none(fmt.Errorf("the answers are %s, without %s", text, want))
		}
	}
	return slow(firstLine(text), took, c.Warn)
}

// sameAnswer compares names whatever their case and last dot, addresses
// whatever their spelling.
func sameAnswer(a, b string) bool {
	if x, y := net.ParseIP(a), net.ParseIP(b); x != nil && y != nil {
		return x.Equal(y)
	}
	return strings.EqualFold(dotless(a), dotless(b))
}
