package checks

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// TestSilent: a server that takes connections and says nothing holds no check up
// for longer than it may take.
func TestSilent(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(io.Discard, conn) }()
		}
	}()
	addr := l.Addr().String()
	for _, c := range []Check{
		&HTTP{URL: "http://" + addr}, &TLS{Address: addr}, &SMTP{Address: addr}, &SMTP{Address: addr, Security: "tls"},
		&Redis{URL: addr}, &Redis{URL: "rediss://" + addr}, &Memcached{Address: addr}, &Celery{Broker: "redis://" + addr}, &Celery{Broker: "amqp://u:p@" + addr},
		&Postgres{URL: "postgres://u@" + addr + "/x"}, &Postgres{URL: "postgres://u@" + addr + "/x?sslmode=disable"},
		&MySQL{URL: "mysql://u@" + addr + "/x"}, &RabbitMQ{URL: "amqp://u:p@" + addr + "/"}, &RabbitMQ{URL: "amqps://u:p@" + addr + "/"},
		&Storage{URL: "webdav+http://" + addr + "/x"},
	} {
		if err := c.Validate(); err != nil {
			t.Error(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		most := 3 * time.Second
		if _, ok := c.(*Storage); ok {
			most += removeWithin // the file may be there
		}
		start := time.Now()
		_, err := c.Check(ctx)
		cancel()
		if took := time.Since(start); err == nil || took > most {
			t.Errorf("%T: %v after %v", c, err, took)
		} else if !strings.Contains(err.Error(), "deadline") {
			t.Logf("%T: %v", c, err)
		}
	}
}
