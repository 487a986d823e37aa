package checks

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/proxydiag/proxydiag/pkg/health"
)

// Celery pings workers over their broker, as `celery inspect ping` does, and
// waits for the replies.
//
// The protocol is Celery's remote control (celery/app/control.py) on kombu's
// mailbox (kombu/pidbox.py): a message to the fanout exchange celery.pidbox asks
// for the method ping; who gets it replies to the exchange and the routing key that
// the message names.
type Celery struct {
	Broker   string        `yaml:"celery" doc:"the URL of the broker, redis://, rediss://, amqp:// or amqps://"`
	Password string        `yaml:"password" doc:"the broker's password, where it does not stand in the URL"`
	Workers  []string      `yaml:"workers" doc:"names of workers that must reply, like celery@app1; without it any one"`
	Least    int           `yaml:"least" doc:"how many workers must reply (1)"`
	Exchange string        `yaml:"control_exchange" doc:"the setting control_exchange of the application (celery)"`
	Prefix   string        `yaml:"key_prefix" doc:"the application's global_keyprefix, on Redis"`
	Wait     time.Duration `yaml:"wait" doc:"how long replies are waited for (5s)"`
	Warn     time.Duration `yaml:"warn" doc:"slower replies are a warning"`
	// RabbitMQ's only: that of Redis are the system's.
	Authority string `yaml:"ca" path:"file" doc:"for amqps://, a file of authorities to trust, instead of the system's"`

	once  sync.Once
	inbox string // where replies go
}

// Validate implements [Check].
func (c *Celery) Validate() error {
	switch {
	case !c.brokerFits():
		return errors.New("celery: write the broker's URL like redis://jobs.example.org:6379/0 or amqp://app@broker.example.org/shop")
	case c.Authority != "" && !strings.HasPrefix(c.Broker, "amqps:"):
		return errors.New("ca: it is for amqps:// only")
	case c.Prefix != "" && c.onRabbitMQ():
		return errors.New("key_prefix: it is for Redis only")
	case c.Least < 0, c.Least > 0 && c.Workers != nil:
		return errors.New("least: give either a number or the names of workers")
	case c.Wait < 0:
		return errors.New("wait: it is less than nothing")
	}
	return nil
}

// onRabbitMQ says that the broker is RabbitMQ. Celery's own name of the scheme is
// pyamqp, too.
func (c *Celery) onRabbitMQ() bool {
	scheme, _, _ := strings.Cut(strings.TrimPrefix(c.Broker, "py"), ":")
	return scheme == "amqp" || scheme == "amqps"
}

// rabbit is the broker as RabbitMQ.
func (c *Celery) rabbit() *RabbitMQ {
	return &RabbitMQ{URL: strings.TrimPrefix(c.Broker, "py"), Password: c.Password, Authority: c.Authority}
}

func (c *Celery) brokerFits() bool {
	if c.onRabbitMQ() {
		_, err := c.rabbit().uri()
		return err == nil
	}
	r := Redis{URL: c.Broker}
	u, err := r.url()
	return err == nil && strings.Contains(c.Broker, "://") && u.Scheme != "unix"
}

// Check implements [Check].
func (c *Celery) Check(ctx context.Context) (health.Observation, error) {
	deadline := time.Now().Add(cmp.Or(c.Wait, defaultWait))
	if end, ok := ctx.Deadline(); ok && end.Add(-spareTime).Before(deadline) {
		deadline = end.Add(-spareTime) // so that who has replied can be told
	}
	over := c.overRedis
	if c.onRabbitMQ() {
		over = c.overRabbitMQ
	}
	replies, took, err := over(ctx, deadline)
	if err != nil {
		return none(err)
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

// exchange is the one by which workers are asked.
func (c *Celery) exchange() string { return cmp.Or(c.Exchange, "celery") + ".pidbox" }

// question asks all workers, or those that are named, for ping.
func (c *Celery) question(ticket, inbox string) ([]byte, error) {
	return json.Marshal(map[string]any{
		"method": "ping", "arguments": map[string]any{}, "destination": c.Workers, "pattern": nil, "matcher": nil,
		"ticket": ticket, "reply_to": map[string]string{"exchange": "reply." + c.exchange(), "routing_key": inbox},
	})
}

// answered notes a reply: worker → what it says.
func answered(body []byte, replies map[string]bool) error {
	var said map[string]map[string]any
	if err := json.Unmarshal(body, &said); err != nil {
		return errors.New("a reply cannot be read")
	}
	for name, what := range said {
		replies[name] = what["ok"] == "pong"
	}
	return nil
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
