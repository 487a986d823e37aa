package checks

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/proxydiag/proxydiag/pkg/fixture"
	"github.com/proxydiag/proxydiag/pkg/health"
)

// RabbitMQ sends a message through a queue of its own, which ends with the
// connection, and looks at another queue where it is told to.
type RabbitMQ struct {
	URL       string        `yaml:"rabbitmq" doc:"amqp://USER@HOST:PORT/VHOST, or amqps:// for TLS"`
	Password  string        `yaml:"password" doc:"the password, where it does not stand in the URL"`
	Queue     string        `yaml:"queue" doc:"a queue that must be there"`
	Longest   int64         `yaml:"longest" doc:"more messages in the queue are a warning"`
	Consumers int           `yaml:"consumers" doc:"how many consumers the queue must have at least"`
	Authority string        `yaml:"ca" path:"file" doc:"a file of authorities to trust, instead of the system's"`
	Warn      time.Duration `yaml:"warn" doc:"a slower round is a warning"`
}

// uri is the setting as the driver reads it. The driver's errors show it.
func (c *RabbitMQ) uri() (amqp.URI, error) {
	u, err := amqp.ParseURI(c.URL)
	if err != nil {
		return u, errors.New("rabbitmq: write it like amqp://app@broker.example.org:5672/shop")
	}
	if c.Password != "" {
		u.Password = c.Password
	}
	return u, nil
}

// Validate implements [Check].
func (c *RabbitMQ) Validate() error {
	if c.Longest < 0 || c.Consumers < 0 || c.Queue == "" && (c.Longest > 0 || c.Consumers > 0) {
		return errors.New("longest and consumers are about a queue; give queue too")
	}
	_, err := c.uri()
	return err
}

// Check implements [Check].
func (c *RabbitMQ) Check(ctx context.Context) (health.Observation, error) {
	start := time.Now()
	conn, secret, err := c.dial(ctx)
	if err != nil {
		return none(err)
	}
	defer func() { _ = conn.CloseDeadline(time.Now().Add(time.Second)) }()
	o, err := c.round(ctx, conn, start)
	return o, refused(ctx, err, secret)
}

// dial connects; secret is what errors of the connection may show.
func (c *RabbitMQ) dial(ctx context.Context) (conn *amqp.Connection, secret string, err error) {
	u, err := c.uri()
	if err != nil {
		return nil, "", err
	}
	config := amqp.Config{Vhost: u.Vhost, SASL: []amqp.Authentication{u.PlainAuth()}, Dial: func(network, address string) (net.Conn, error) {
		return dialUntil(ctx)(ctx, network, address)
	}}
	if config.TLSClientConfig, err = tlsConfig(u.Host, "", c.Authority, false); err != nil {
		return nil, "", err
	}
	conn, err = amqp.DialConfig(u.String(), config)
	return conn, u.Password, until(ctx, scrubbed(err, u.Password))
}

// round is what is tried.
func (c *RabbitMQ) round(ctx context.Context, conn *amqp.Connection, start time.Time) (health.Observation, error) {
	channel, err := conn.Channel()
	if err != nil {
		return none(fmt.Errorf("no channel: %w", err))
	}
	if err := pass091(ctx, channel); err != nil {
		return none(err)
	}
	took := time.Since(start)
	if c.Queue == "" {
		return slow("a message was sent and received", took, c.Warn)
	}
	q, err := channel.QueueDeclarePassive(c.Queue, false, false, false, false, nil)
	if err != nil {
		return none(fmt.Errorf("the queue %s: %w", c.Queue, err))
	}
	if q.Consumers < c.Consumers {
		return none(fmt.Errorf("%s has %d consumers; it should have %d", c.Queue, q.Consumers, c.Consumers))
	}
	return queued(c.Queue, int64(q.Messages), c.Longest, took, c.Warn)
}

// pass091 sends a message through a queue that is ours alone, and that the
// server names.
func pass091(ctx context.Context, channel *amqp.Channel) error {
	q, err := channel.QueueDeclare("", false, true, true, false, nil)
	if err != nil {
		return fmt.Errorf("a queue cannot be made: %w", err)
	}
	inbox, err := channel.ConsumeWithContext(ctx, q.Name, "", true, true, false, false, nil)
	if err != nil {
		return fmt.Errorf("a queue cannot be read: %w", err)
	}
	value := fixture.New("health", "", 0).Name
	if err := channel.PublishWithContext(ctx, "", q.Name, false, false, amqp.Publishing{Body: []byte(value)}); err != nil {
		return fmt.Errorf("a message cannot be sent: %w", err)
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case m, ok := <-inbox:
		if !ok {
			return errors.New("the server ended the connection")
		}
		if string(m.Body) != value {
			return errors.New("the message that was sent comes back changed")
		}
	}
	return nil
}
