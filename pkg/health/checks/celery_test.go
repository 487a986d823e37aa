package checks

import (
	"strings"
	"testing"
	"time"

	"github.com/gomodule/redigo/redis"

	"github.com/proxydiag/proxydiag/internal/servicetest"
)

func TestCelery(t *testing.T) {
	t.Parallel()
	s := servicetest.Redis(t, hush)
	url := "redis://:" + hushInURL + "@" + s.Addr
	stop := servicetest.Celery(t, url+"/2", "one@test")
	servicetest.Celery(t, url+"/2", "two@test")
	servicetest.Celery(t, url+"/3", "other@test", "app.conf.control_exchange = 'shop'")
	two := []string{"one@test", "two@test"}
	outcomes(t, map[string][]Check{
		"": {&Celery{Broker: url + "/2"}, &Celery{Broker: url + "/2", Least: 2}, &Celery{Broker: url + "/2", Workers: two},
			&Celery{Broker: "redis://" + s.Addr + "/2", Password: hush}, &Celery{Broker: url + "/3", Exchange: "shop"}},
		"warning: ":          {&Celery{Broker: url + "/2", Warn: 1}},
		"no worker replies":  {&Celery{Broker: url + "/5"}, &Celery{Broker: url + "/3"}, &Celery{Broker: url + "/2", Workers: []string{"none@test"}, Wait: 300 * time.Millisecond}},
		"2 of 3 workers rep": {&Celery{Broker: url + "/2", Least: 3, Wait: time.Second}},
		"no reply from three@test; one@test, two@test replied": {&Celery{Broker: url + "/2", Workers: append(two, "three@test"), Wait: time.Second}},
		"dial tcp":          {&Celery{Broker: "redis://:" + hushInURL + "@127.0.0.1:1"}},
		"WRONGPASS":         {&Celery{Broker: "redis://" + s.Addr, Password: hush + "x"}},
		"invalid: celery: ": {&Celery{}, &Celery{Broker: "sqs://x"}, &Celery{Broker: s.Addr}, &Celery{Broker: "amqp://u:" + hushInURL + "@h:port/"}},
		"invalid: ca: ":     {&Celery{Broker: url, Authority: "x"}},
		"invalid: key_pref": {&Celery{Broker: "amqp://h", Prefix: "x"}},
		"invalid: least: ":  {&Celery{Broker: url, Least: 1, Workers: two}},
		"invalid: wait: ":   {&Celery{Broker: url, Wait: -1}},
	})
	stop()
	outcomes(t, map[string][]Check{"no reply from one@test; two@test replied": {&Celery{Broker: url + "/2", Workers: two, Wait: time.Second}}})
	client, err := redis.DialURLContext(t.Context(), url+"/2")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Close() }()
	keys, err := redis.Strings(client.Do("KEYS", "*"))
	if err != nil || strings.Contains(strings.Join(keys, " "), "reply") {
		t.Errorf("left behind: %q, %v", keys, err)
	}
}

// TestCeleryRabbitMQ: the same where RabbitMQ is the broker.
func TestCeleryRabbitMQ(t *testing.T) {
	t.Parallel()
	s := servicetest.RabbitMQ(t, "owner", "hush")
	url := "amqp://owner:hush@" + s.Addr + "/"
	outcomes(t, map[string][]Check{"no worker replies": {&Celery{Broker: url}}}) // nor is there an exchange
	stop := servicetest.Celery(t, "py"+url, "one@test")
	stopTwo := servicetest.Celery(t, url+"/", "two@test")
	two := []string{"one@test", "two@test"}
	outcomes(t, map[string][]Check{
		"":                   {&Celery{Broker: url}, &Celery{Broker: "py" + url, Least: 2}, &Celery{Broker: url, Workers: two}, &Celery{Broker: "amqp://owner@" + s.Addr, Password: "hush"}},
		"warning: ":          {&Celery{Broker: url, Warn: 1}},
		"no worker replies":  {&Celery{Broker: url, Exchange: "shop"}, &Celery{Broker: url, Workers: []string{"none@test"}, Wait: 300 * time.Millisecond}},
		"2 of 3 workers rep": {&Celery{Broker: url, Least: 3, Wait: time.Second}},
		"no reply from three@test; one@test, two@test replied": {&Celery{Broker: url, Workers: append(two, "three@test"), Wait: time.Second}},
		"dial tcp":        {&Celery{Broker: "amqp://owner:hush@127.0.0.1:1"}},
		"Exception (403)": {&Celery{Broker: url, Password: "wrong"}},
		"Exception (530)": {&Celery{Broker: url + "none"}},
	})
	stop()
	outcomes(t, map[string][]Check{"no reply from one@test; two@test replied": {&Celery{Broker: url, Workers: two, Wait: time.Second}}})
	stopTwo()
	start := time.Now()
	outcomes(t, map[string][]Check{"no worker replies": {&Celery{Broker: url}}})
	if took := time.Since(start); took > 4*time.Second {
		t.Errorf("that nobody is there to reply was not noticed: %s", took)
	}
}
