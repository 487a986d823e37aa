package checks

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gomodule/redigo/redis"
	"github.com/google/uuid"

	"github.com/proxydiag/proxydiag/pkg/health"
)

// Celery pings workers over their broker, as `celery inspect ping` does, and
// waits for the replies.
//
// The protocol is Celery's remote control (celery/app/control.py) on kombu's
// mailbox (kombu/pidbox.py): a message to the fanout exchange celery.pidbox asks
// for the method ping; who gets it replies to the queue that the message names.
// On Redis (kombu/transport/redis.py, virtual/base.py, of kombu 4 and 5) a fanout
// is PUBLISH to /DATABASE.EXCHANGE, a binding a member of the set
// _kombu.binding.EXCHANGE, and a queue a list.
type Celery struct {
	Broker   string        `yaml:"celery" doc:"the URL of the broker, redis:// or rediss://"`
	Password string        `yaml:"password" doc:"the broker's password, where it does not stand in the URL"`
	Workers  []string      `yaml:"workers" doc:"names of workers that must reply, like celery@app1; without it any one"`
	Least    int           `yaml:"least" doc:"how many workers must reply (1)"`
	Exchange string        `yaml:"control_exchange" doc:"the setting control_exchange of the application (celery)"`
	Prefix   string        `yaml:"key_prefix" doc:"the application's global_keyprefix"`
	Wait     time.Duration `yaml:"wait" doc:"how long replies are waited for (5s)"`
	Warn     time.Duration `yaml:"warn" doc:"slower replies are a warning"`

	once  sync.Once
	inbox string // where replies go
}

// Validate implements [Check].
func (c *Celery) Validate() error {
	r := Redis{URL: c.Broker}
	u, err := r.url()
	switch {
	case err != nil || !strings.Contains(c.Broker, "://") || u.Scheme == "unix":
		return errors.New("celery: write the broker's URL like redis://jobs.example.org:6379/0")
	case c.Least < 0, c.Least > 0 && c.Workers != nil:
		return errors.New("least: give either a number or the names of workers")
	case c.Wait < 0:
		return errors.New("wait: it is less than nothing")
	}
	return nil
}

// Check implements [Check].
func (c *Celery) Check(ctx context.Context) (health.Observation, error) {
	broker := Redis{URL: c.Broker, Password: c.Password}
	conn, err := broker.dial(ctx)
	if err != nil {
		return none(until(ctx, scrubbed(err, broker.secrets()...)))
	}
	defer func() { _ = conn.Close() }()
	deadline := time.Now().Add(defaultWait)
	if c.Wait > 0 {
		deadline = time.Now().Add(c.Wait)
	}
	if end, ok := ctx.Deadline(); ok && end.Add(-spareTime).Before(deadline) {
		deadline = end.Add(-spareTime) // so that who has replied can be told
	}
	replies, took, err := c.ping(conn, deadline)
	if err != nil {
		return none(until(ctx, scrubbed(err, broker.secrets()...)))
	}
	return c.verdict(replies, took)
}

const (
	defaultWait = 5 * time.Second
	spareTime   = 200 * time.Millisecond
	graceTime   = 500 * time.Millisecond // for replies that are not needed
)

// verdict is what replies mean: worker → whether it said pong.
func (c *Celery) verdict(replies map[string]bool, took time.Duration) (health.Observation, error) {
	names := slices.Sorted(maps.Keys(replies))
	for _, name := range names {
		if !replies[name] {
			return none(fmt.Errorf("%s replies with an error", firstLine(name)))
		}
	}
	if len(names) == 0 {
		return none(errors.New("no worker replies"))
	}
	text := firstLine(strings.Join(names, ", "))
	var missing []string
	for _, name := range c.Workers {
		if !replies[name] {
			missing = append(missing, name)
		}
	}
	if missing != nil {
		return none(fmt.Errorf("no reply from %s; %s replied", strings.Join(missing, ", "), text))
	}
	if len(names) < c.Least {
		return none(fmt.Errorf("%d of %d workers replied: %s", len(names), c.Least, text))
	}
	return slow(fmt.Sprintf("%s replied", text), took, c.Warn)
}

// envelope is a message as kombu's virtual transports write it.
type envelope struct {
	Body       string         `json:"body"`
	Encoding   string         `json:"content-encoding"`
	Type       string         `json:"content-type"`
	Headers    map[string]any `json:"headers"`
	Properties map[string]any `json:"properties"`
}

// ask is the message that asks all workers, or those that are named, for ping.
func (c *Celery) ask(exchange, ticket, inbox string, deadline time.Time) ([]byte, error) {
	message := map[string]any{
		"method": "ping", "arguments": map[string]any{}, "destination": c.Workers, "pattern": nil, "matcher": nil,
		"ticket": ticket, "reply_to": map[string]string{"exchange": "reply." + exchange, "routing_key": inbox},
	}
	body, err := json.Marshal(message)
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
	exchange := c.Exchange
	if exchange == "" {
		exchange = "celery"
	}
	exchange += ".pidbox"
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

// enough says that no more replies are needed.
func (c *Celery) enough(replies map[string]bool) bool {
	for _, name := range c.Workers {
		if _, there := replies[name]; !there {
			return false
		}
	}
	return len(replies) >= max(1, c.Least)
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
	var said map[string]map[string]any
	if err := json.Unmarshal(body, &said); err != nil {
		return errors.New("a reply cannot be read")
	}
	for name, what := range said {
		replies[name] = what["ok"] == "pong"
	}
	return nil
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
