package checks

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"os"
	"strings"
	"time"

	"github.com/lib/pq"

	"github.com/proxydiag/proxydiag/pkg/health"
)

// Postgres asks a PostgreSQL database.
type Postgres struct {
	URL      string `yaml:"postgres" doc:"postgres://USER@HOST:PORT/DATABASE?sslmode=verify-full, or host=… dbname=…"`
	Password string `yaml:"password" doc:"the password, where it stands neither in the URL nor in PGPASSWORD or ~/.pgpass"`
	database
}

// config is that of the driver, whose errors show the URL. TLS is tried first,
// as PostgreSQL's own programs do, unless sslmode says more.
func (c *Postgres) config() (pq.Config, error) {
	config, err := pq.NewConfig(c.URL)
	if err == nil && c.URL != "" {
		_, err = pq.NewConnectorConfig(config)
	}
	if err != nil || c.URL == "" {
		return config, errors.New("postgres: write it like postgres://app@db.example.org:5432/shop; files that it names must be there")
	}
	if !strings.Contains(c.URL, "sslmode") && os.Getenv("PGSSLMODE") == "" {
		config.SSLMode = pq.SSLModePrefer
	}
	if c.Password != "" {
		config.Password = c.Password
	}
	if config.ApplicationName == "" {
		config.ApplicationName = "proxydiag"
	}
	return config, nil
}

// Validate implements [Check].
func (c *Postgres) Validate() error {
	if _, err := c.config(); err != nil {
		return err
	}
	return c.validate()
}

// Check implements [Check].
func (c *Postgres) Check(ctx context.Context) (health.Observation, error) {
	config, err := c.config()
	if err != nil {
		return none(err)
	}
	connector, err := pq.NewConnectorConfig(config)
	if err != nil {
		return none(scrubbed(err, config.Password))
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // the driver forgets the connection on which it tried TLS in vain
	connector.Dialer(dialer{ctx})
	db := sql.OpenDB(connector)
	defer func() { _ = db.Close() }()
	o, err := c.check(ctx, db, dollars)
	return o, refused(ctx, err, config.Password)
}

// dialer is the driver's, for connections that end with a context.
type dialer struct{ ctx context.Context }

// Dial implements [pq.Dialer].
func (d dialer) Dial(network, address string) (net.Conn, error) {
	return d.DialContext(d.ctx, network, address)
}

// DialTimeout implements [pq.Dialer].
func (d dialer) DialTimeout(network, address string, timeout time.Duration) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(d.ctx, timeout)
	defer cancel()
	return d.DialContext(ctx, network, address)
}

// DialContext implements [pq.DialerContext].
func (d dialer) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	return dialUntil(d.ctx)(ctx, network, address)
}

// refused is a database's error for people.
func refused(ctx context.Context, err error, secrets ...string) error {
	if _, ok := errors.AsType[*health.Warning](err); ok || err == nil {
		return err
	}
	return until(ctx, scrubbed(err, secrets...))
}
