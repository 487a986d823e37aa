package checks

import (
	"strings"
	"testing"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/proxydiag/proxydiag/internal/servicetest"
)

func TestRabbitMQ(t *testing.T) {
	t.Parallel()
	s := servicetest.RabbitMQ(t, "owner", hush)
	url := "amqp://owner:" + strings.ReplaceAll(hushInURL, "+", "%2B") + "@" + s.Addr + "/"
	conn, err := amqp.Dial(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	channel, err := conn.Channel()
	if err != nil {
		t.Fatal(err)
	}
	if err := channel.Confirm(false); err != nil {
		t.Fatal(err)
	}
	if _, err := channel.QueueDeclare("jobs", true, false, false, false, nil); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		sent, err := channel.PublishWithDeferredConfirmWithContext(t.Context(), "", "jobs", false, false, amqp.Publishing{})
		if err != nil {
			t.Fatal(err)
		}
		sent.Wait()
	}
	outcomes(t, map[string][]Check{
		"":                                  {&RabbitMQ{URL: url}, &RabbitMQ{URL: "amqp://owner@" + s.Addr, Password: hush}, &RabbitMQ{URL: url, Queue: "jobs", Longest: 3}},
		"warning: a message was sent":       {&RabbitMQ{URL: url, Warn: 1}},
		"warning: 3 messages in jobs; more": {&RabbitMQ{URL: url, Queue: "jobs", Longest: 2}},
		"jobs has 0 consumers":              {&RabbitMQ{URL: url, Queue: "jobs", Consumers: 1}},
		"the queue none: Exception (404)":   {&RabbitMQ{URL: url, Queue: "none"}},
		"Exception (403)":                   {&RabbitMQ{URL: "amqp://owner@" + s.Addr, Password: hush + "x"}},
		"Exception (530)":                   {&RabbitMQ{URL: url + "none"}},
		"dial tcp":                          {&RabbitMQ{URL: "amqp://owner:" + hushInURL + "@127.0.0.1:1/"}},
		"invalid: rabbitmq: ":               {&RabbitMQ{}, &RabbitMQ{URL: "http://x"}, &RabbitMQ{URL: "amqp://u:" + hushInURL + "@h:port/"}},
		"invalid: longest and consumers":    {&RabbitMQ{URL: url, Longest: 1}},
	})
	s.Stop(t)
	outcomes(t, map[string][]Check{"dial tcp": {&RabbitMQ{URL: url}}})
}
