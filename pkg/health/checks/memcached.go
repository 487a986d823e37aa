package checks

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/bradfitz/gomemcache/memcache"

	"github.com/proxydiag/proxydiag/pkg/fixture"
	"github.com/proxydiag/proxydiag/pkg/health"
)

// Memcached sets, reads and deletes a key of its own.
type Memcached struct {
	Address string        `yaml:"memcached" doc:"HOST:PORT, or the path of a socket"`
	Prefix  string        `yaml:"prefix" doc:"what the names of our keys begin with (proxydiag:)"`
	Warn    time.Duration `yaml:"warn" doc:"a slower round is a warning"`
}

// Validate implements [Check].
func (c *Memcached) Validate() error {
	if len(c.Prefix) > 100 || strings.ContainsFunc(c.Prefix, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New("prefix: at most 100 letters of ASCII without blanks")
	}
	if strings.HasPrefix(c.Address, "/") {
		return nil
	}
	return hostPort("memcached", c.Address)
}

// server is the one that is asked. Its name is looked up at each connection.
type server struct{ net.Addr }

// PickServer implements [memcache.ServerSelector].
func (s server) PickServer(string) (net.Addr, error) { return s.Addr, nil }

// Each implements [memcache.ServerSelector].
func (s server) Each(f func(net.Addr) error) error { return f(s.Addr) }

// address is one that is not looked up yet.
type address struct{ network, text string }

// Network implements [net.Addr].
func (a address) Network() string { return a.network }

// String implements [net.Addr].
func (a address) String() string { return a.text }

// Check implements [Check].
func (c *Memcached) Check(ctx context.Context) (health.Observation, error) {
	a := address{"tcp", c.Address}
	if strings.HasPrefix(c.Address, "/") {
		a.network = "unix"
	}
	client := memcache.NewFromSelector(server{a})
	client.Timeout = time.Minute // ctx is what counts
	if deadline, ok := ctx.Deadline(); ok {
		client.Timeout = max(time.Until(deadline), time.Millisecond)
	}
	client.DialContext = dialUntil(ctx)
	defer func() { _ = client.Close() }()
	start := time.Now()
	if err := c.round(client); err != nil {
		return none(until(ctx, err))
	}
	return slow("a value was set, read and deleted", time.Since(start), c.Warn)
}

// round is what is tried. What could not be deleted ends by itself.
func (c *Memcached) round(client *memcache.Client) error {
	value := fixture.New("health", "", 0).Name
	key := c.Prefix
	if key == "" {
		key = "proxydiag:"
	}
	key += value
	if err := client.Set(&memcache.Item{Key: key, Value: []byte(value), Expiration: int32(keptFor.Seconds())}); err != nil {
		return fmt.Errorf("set: %w", err)
	}
	item, err := client.Get(key)
	switch {
	case errors.Is(err, memcache.ErrCacheMiss):
		return errors.New("get: what was set is not there")
	case err != nil:
		return fmt.Errorf("get: %w", err)
	case string(item.Value) != value:
		return errors.New("get: what was set comes back changed")
	}
	if err := client.Delete(key); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	return nil
}
