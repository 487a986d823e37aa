package checks

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/gomodule/redigo/redis"

	"github.com/proxydiag/proxydiag/pkg/fixture"
	"github.com/proxydiag/proxydiag/pkg/health"
)

// keptFor is how long what a check has written stays where it could not be
// removed.
const keptFor = time.Minute

// Redis sets, reads and deletes a key of its own. Where Redis is a broker, an
// entry of a list of its own goes in at one end and comes out at the other, and
// the queue is measured.
type Redis struct {
	URL      string        `yaml:"redis" doc:"redis://USER@HOST:PORT/DATABASE, rediss:// for TLS, unix:///SOCKET?db=N, or HOST:PORT"`
	Password string        `yaml:"password" doc:"the password, where it does not stand in the URL"`
	Prefix   string        `yaml:"prefix" doc:"what the names of our keys begin with (proxydiag:)"`
	ReadOnly bool          `yaml:"read_only" doc:"write nothing, ask for PING alone"`
	Queue    string        `yaml:"queue" doc:"a list that is a broker's queue"`
	Longest  int64         `yaml:"longest" doc:"more messages in the queue are a warning"`
	Warn     time.Duration `yaml:"warn" doc:"a slower round is a warning"`
}

// dial opens a connection that ends with ctx. Its errors do not show the URL.
func (c *Redis) dial(ctx context.Context) (redis.Conn, error) {
	u, err := c.url()
	if err != nil {
		return nil, err
	}
	options := []redis.DialOption{redis.DialContextFunc(dialUntil(ctx))}
	if c.Password != "" {
		options = append(options, redis.DialPassword(c.Password))
	}
	if u.Scheme != "unix" {
		return redis.DialURLContext(ctx, u.String(), options...)
	}
	if u.User != nil {
		password, _ := u.User.Password()
		options = append([]redis.DialOption{redis.DialUsername(u.User.Username()), redis.DialPassword(password)}, options...)
	}
	if db, err := strconv.Atoi(u.Query().Get("db")); err == nil {
		options = append(options, redis.DialDatabase(db))
	}
	return redis.DialContext(ctx, "unix", u.Path, options...)
}

// url is the setting as a URL.
func (c *Redis) url() (*url.URL, error) {
	address := c.URL
	if !strings.Contains(address, "://") {
		if hostPort("redis", address) != nil {
			return nil, errors.New("redis: write it like redis://cache.example.org:6379/0, or HOST:PORT")
		}
		address = "redis://" + address
	}
	u, err := url.Parse(address)
	switch {
	case err != nil:
	case u.Scheme == "unix" && strings.HasPrefix(u.Path, "/"), (u.Scheme == "redis" || u.Scheme == "rediss") && u.Hostname() != "" && database0.MatchString(u.Path):
		return u, nil
	}
	return nil, errors.New("redis: write the URL like redis://cache.example.org:6379/0")
}

// database0 is the path of a URL: a database's number, or none.
var database0 = regexp.MustCompile(`^(?:/\d{0,5})?$`)

// secrets are what no message may tell.
func (c *Redis) secrets() []string {
	list := []string{c.Password}
	if u, err := c.url(); err == nil && u.User != nil {
		password, _ := u.User.Password()
		list = append(list, password)
	}
	return list
}

// Validate implements [Check].
func (c *Redis) Validate() error {
	switch {
	case c.Longest < 0, c.Longest > 0 && c.Queue == "":
		return errors.New("longest: it is about a queue; give queue too")
	case c.ReadOnly && c.Prefix != "":
		return errors.New("prefix: nothing is written with read_only; leave one of them out")
	}
	_, err := c.url()
	return err
}

// Check implements [Check].
func (c *Redis) Check(ctx context.Context) (health.Observation, error) {
	start := time.Now()
	conn, err := c.dial(ctx)
	if err != nil {
		return none(until(ctx, scrubbed(err, c.secrets()...)))
	}
	defer func() { _ = conn.Close() }()
	text, err := c.round(conn)
	took := time.Since(start)
	length := int64(0)
	if err == nil && c.Queue != "" {
		if length, err = redis.Int64(conn.Do("LLEN", c.Queue)); err != nil {
			err = fmt.Errorf("the queue %s: %w", c.Queue, err)
		}
	}
	switch {
	case err != nil:
		return none(until(ctx, scrubbed(err, c.secrets()...)))
	case c.Queue != "":
		return queued(c.Queue, length, c.Longest, took, c.Warn)
	}
	return slow(text, took, c.Warn)
}

// queued is an observation of a queue's length, with a warning where it is too
// long or the round took too long.
func queued(name string, length, longest int64, took, warn time.Duration) (health.Observation, error) {
	o, err := slow(fmt.Sprintf("%d messages in %s", length, name), took, warn)
	o.Value, o.Unit = float64(length), "messages"
	if longest > 0 && length > longest {
		return o, health.Warn("%s; more than %d is a warning", o.Text, longest)
	}
	return o, err
}

// round is what is tried. What could not be deleted ends by itself.
func (c *Redis) round(conn redis.Conn) (string, error) {
	do := func(command string, args ...any) (any, error) {
		reply, err := conn.Do(command, args...)
		if err != nil {
			err = fmt.Errorf("%s: %w", command, err)
		}
		return reply, err
	}
	if c.ReadOnly {
		_, err := do("PING")
		return "it answers PING", err
	}
	key := c.Prefix
	if key == "" {
		key = "proxydiag:"
	}
	value := fixture.New("health", "", 0).Name
	key += value
	if _, err := do("SET", key, value, "EX", int(keptFor.Seconds())); err != nil {
		return "", err
	}
	got, err := redis.String(do("GET", key))
	switch {
	case errors.Is(err, redis.ErrNil):
		return "", errors.New("GET: what was set is not there")
	case err != nil:
		return "", err
	case got != value:
		return "", errors.New("GET: what was set comes back changed")
	}
	if n, err := redis.Int(do("DEL", key)); err != nil {
		return "", err
	} else if n != 1 {
		return "", errors.New("DEL: what was set is not there")
	}
	if c.Queue == "" {
		return "a value was set, read and deleted", nil
	}
	return pass(do, key+":list", value)
}

// pass sends a message through a list, as brokers on Redis do. It is pushed,
// bounded in time and popped in one go.
func pass(do func(string, ...any) (any, error), list, value string) (string, error) {
	if _, err := do("LPUSH", list, value); err != nil {
		return "", err
	}
	if _, err := do("EXPIRE", list, int(keptFor.Seconds())); err != nil {
		return "", err
	}
	got, err := redis.String(do("RPOP", list))
	switch {
	case errors.Is(err, redis.ErrNil), err == nil && got != value:
		return "", errors.New("RPOP: the message that was sent does not come")
	case err != nil:
		return "", err
	}
	return "a message was sent and received", nil
}
