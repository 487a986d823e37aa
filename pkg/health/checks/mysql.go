package checks

import (
	"context"
	"crypto/tls"
	"database/sql"
	"errors"
	"net"
	"net/url"
	"strings"

	"github.com/go-sql-driver/mysql"

	"github.com/proxydiag/proxydiag/pkg/health"
)

// MySQL asks a MySQL or MariaDB database.
type MySQL struct {
	URL        string `yaml:"mysql" doc:"mysql://USER@HOST:PORT/DATABASE, or mysql://USER@/DATABASE?socket=/run/mysqld/mysqld.sock; mariadb:// is the same"`
	Password   string `yaml:"password" doc:"the password, where it does not stand in the URL"`
	TLS        bool   `yaml:"secure" doc:"speak TLS only; without it TLS is used where the server offers it, whatever its certificate"`
	ServerName string `yaml:"server_name" doc:"whom the certificate must be for; without it HOST"`
	Authority  string `yaml:"ca" path:"file" doc:"a file of authorities to trust, instead of the system's"`
	database
}

// config is that of the driver.
func (c *MySQL) config() (*mysql.Config, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Scheme != "mysql" && u.Scheme != "mariadb" || u.User == nil {
		return nil, errors.New("mysql: write it like mysql://app@db.example.org:3306/shop")
	}
	config := mysql.NewConfig()
	config.User, config.DBName = u.User.Username(), strings.TrimPrefix(u.Path, "/")
	config.Passwd, _ = u.User.Password()
	if c.Password != "" {
		config.Passwd = c.Password
	}
	config.Net, config.Addr = "tcp", u.Host
	if u.Port() == "" {
		config.Addr = net.JoinHostPort(u.Hostname(), "3306")
	}
	if socket := u.Query().Get("socket"); socket != "" {
		config.Net, config.Addr = "unix", socket
	} else if u.Hostname() == "" {
		return nil, errors.New("mysql: the URL has neither a host nor a socket")
	}
	config.Logger = &mysql.NopLogger{}
	return config, nil
}

// security makes the driver speak TLS as it is wanted.
func (c *MySQL) security(config *mysql.Config) (err error) {
	if config.Net == "unix" {
		return nil
	}
	if c.TLS || c.Authority != "" || c.ServerName != "" {
		config.TLS, err = tlsConfig(config.Addr, c.ServerName, c.Authority, false)
		return err
	}
	config.TLS, config.AllowFallbackToPlaintext = &tls.Config{InsecureSkipVerify: true}, true
	return nil
}

// Validate implements [Check].
func (c *MySQL) Validate() error {
	if _, err := c.config(); err != nil {
		return err
	}
	return c.validate()
}

// Check implements [Check].
func (c *MySQL) Check(ctx context.Context) (health.Observation, error) {
	config, err := c.config()
	if err != nil {
		return none(err)
	}
	if err := c.security(config); err != nil {
		return none(err)
	}
	config.DialFunc = dialUntil(ctx)
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return none(scrubbed(err, config.Passwd))
	}
	db := sql.OpenDB(connector)
	defer func() { _ = db.Close() }()
	o, err := c.check(ctx, db, questions)
	return o, refused(ctx, err, config.Passwd)
}
