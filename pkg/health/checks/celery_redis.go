package checks

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/google/uuid"
)

// overRedis pings workers whose broker is Redis. There (kombu/transport/redis.py,
// virtual/base.py, of kombu 4 and 5) a fanout is PUBLISH to /DATABASE.EXCHANGE, a
// binding a member of the set _kombu.binding.EXCHANGE, and a queue a list.
func (c *Celery) overRedis(ctx context.Context, deadline time.Time) (map[string]bool, time.Duration, error) {
	broker := Redis{URL: c.Broker, Password: c.Password}
	conn, err := broker.dial(ctx)
	if err != nil {
		return nil, 0, until(ctx, scrubbed(err, broker.secrets()...))
	}
	defer func() { _ = conn.Close() }()
	replies, took, err := c.ping(conn, deadline)
	return replies, took, until(ctx, scrubbed(err, broker.secrets()...))
}

// envelope is a message as kombu's virtual transports write it.
type envelope struct {
	Body       string         `json:"body"`
	Encoding   string         `json:"content-encoding"`
	Type       string         `json:"content-type"`
	Headers    map[string]any `json:"headers"`
	Properties map[string]any `json:"properties"`
}

// ask is the message that asks for ping.
func (c *Celery) ask(exchange, ticket, inbox string, deadline time.Time) ([]byte, error) {
	body, err := c.question(ticket, inbox)
	if err != nil {
		return nil, err
	}
	return json.Marshal(envelope{
		Body: base64.StdEncoding.EncodeToString(body), Encoding: "utf-8", Type: "application/json",
		Headers: map[string]any{"clock": 1, "expires": float64(deadline.UnixMilli()) / 1000},
		Properties: map[string]any{
			"delivery_mode": 1, "priority": 0, "body_encoding": "base64", "delivery_tag": uuid.NewString(),
			"delivery_info": map[string]string{"exchange": exchange, "routing_key": ""},
		},
	})
}

// ping asks, and collects replies until enough have come or the deadline; took
// is how long that was. Those that are not needed are waited for shortly: a
// reply that comes when nobody reads any more would stay in the broker. The
// queue's name is the same for all runs, so that it is never more than one.
func (c *Celery) ping(conn redis.Conn, deadline time.Time) (replies map[string]bool, took time.Duration, err error) {
	exchange := c.exchange()
	c.once.Do(func() { c.inbox = uuid.NewString() })
	ticket, queue := uuid.NewString(), c.inbox+".reply."+exchange
	text, err := c.ask(exchange, ticket, c.inbox, deadline)
	if err != nil {
		return nil, 0, err
	}
	bindings, member := c.Prefix+"_kombu.binding.reply."+exchange, c.inbox+"\x06\x16\x06\x16"+queue
	if _, err := conn.Do("DEL", c.Prefix+queue); err != nil {
		return nil, 0, fmt.Errorf("DEL: %w", err)
	}
	defer c.forget(bindings, member, c.Prefix+queue)
	if _, err := conn.Do("SADD", bindings, member); err != nil {
		return nil, 0, fmt.Errorf("SADD: %w", err)
	}
	start := time.Now()
	heard, err := redis.Int(conn.Do("PUBLISH", fmt.Sprintf("%s/%s.%s", c.Prefix, c.database(), exchange), text))
	if err != nil {
		return nil, 0, fmt.Errorf("PUBLISH: %w", err)
	}
	if c.Workers != nil {
		heard = min(heard, len(c.Workers))
	}
	replies = map[string]bool{}
	for end := deadline; len(replies) < heard && time.Now().Before(end); {
		if err := c.receive(conn, c.Prefix+queue, ticket, end, replies); err != nil {
			return nil, 0, err
		}
		if took == 0 && c.enough(replies) {
			took = time.Since(start)
			if soon := time.Now().Add(graceTime); soon.Before(end) {
				end = soon
			}
		}
	}
	return replies, took, nil
}

// database is the number of the broker's database.
func (c *Celery) database() string {
	r := Redis{URL: c.Broker}
	if u, err := r.url(); err == nil && len(u.Path) > 1 {
		return u.Path[1:]
	}
	return "0"
}

// receive takes one reply from the queue, or none until the deadline.
func (c *Celery) receive(conn redis.Conn, queue, ticket string, deadline time.Time, replies map[string]bool) error {
	left := max(time.Until(deadline), time.Millisecond)
	got, err := redis.ByteSlices(redis.DoWithTimeout(conn, left+time.Second, "BRPOP", queue, fmt.Sprintf("%.3f", left.Seconds())))
	if errors.Is(err, redis.ErrNil) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("BRPOP: %w", err)
	}
	var e envelope
	if len(got) != 2 || json.Unmarshal(got[1], &e) != nil {
		return errors.New("a reply cannot be read")
	}
	if t, ok := e.Headers["ticket"].(string); ok && t != ticket {
		return nil
	}
	body := []byte(e.Body)
	if e.Properties["body_encoding"] == "base64" {
		if body, err = base64.StdEncoding.DecodeString(e.Body); err != nil {
			return errors.New("a reply cannot be read")
		}
	}
	return answered(body, replies)
}

// forget removes the queue of replies, over a connection of its own: the other
// one ends with the check. A reply that comes later finds no binding, and is
// thrown away.
func (c *Celery) forget(bindings, member, queue string) {
	ctx, cancel := context.WithTimeout(context.Background(), removeWithin)
	defer cancel()
	broker := Redis{URL: c.Broker, Password: c.Password}
	conn, err := broker.dial(ctx)
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	_, _ = conn.Do("SREM", bindings, member)
	_, _ = conn.Do("DEL", queue)
}
