package checks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	amqp "github.com/rabbitmq/amqp091-go"
)

// overRabbitMQ pings workers whose broker is RabbitMQ. Replies go to a queue that
// ends with the connection: nothing of ours stays but the exchange for replies,
// which workers make, too.
func (c *Celery) overRabbitMQ(ctx context.Context, deadline time.Time) (map[string]bool, time.Duration, error) {
	conn, secret, err := c.rabbit().dial(ctx)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = conn.CloseDeadline(time.Now().Add(time.Second)) }()
	replies, took, err := c.pingAll(ctx, conn, deadline)
	return replies, took, until(ctx, scrubbed(err, secret))
}

// pingAll asks, and collects replies until enough have come or the deadline; took
// is how long that was. Others are waited for shortly, so that they are named.
func (c *Celery) pingAll(ctx context.Context, conn *amqp.Connection, deadline time.Time) (replies map[string]bool, took time.Duration, err error) {
	if there, err := exchangeIsThere(conn, c.exchange()); err != nil || !there {
		return nil, 0, err // no worker has run since the broker started
	}
	channel, err := c.replyChannel(conn)
	if err != nil {
		return nil, 0, err
	}
	inbox, ticket := uuid.NewString(), uuid.NewString()
	q, err := channel.QueueDeclare("", false, true, true, false, nil)
	if err != nil {
		return nil, 0, fmt.Errorf("a queue cannot be made: %w", err)
	}
	if err := channel.QueueBind(q.Name, inbox, "reply."+c.exchange(), false, nil); err != nil {
		return nil, 0, fmt.Errorf("a queue cannot be bound: %w", err)
	}
	got, err := channel.ConsumeWithContext(ctx, q.Name, "", true, true, false, false, nil)
	if err != nil {
		return nil, 0, fmt.Errorf("a queue cannot be read: %w", err)
	}
	unheard := channel.NotifyReturn(make(chan amqp.Return, 1))
	body, err := c.question(ticket, inbox)
	if err != nil {
		return nil, 0, err
	}
	start := time.Now()
	err = channel.PublishWithContext(ctx, c.exchange(), "", true, false, amqp.Publishing{
		ContentType: "application/json", ContentEncoding: "utf-8", DeliveryMode: amqp.Transient, Body: body,
		Headers: amqp.Table{"clock": int32(1), "expires": float64(deadline.UnixMilli()) / 1000},
	})
	if err != nil {
		return nil, 0, fmt.Errorf("a message cannot be sent: %w", err)
	}
	replies = map[string]bool{}
	end := time.NewTimer(time.Until(deadline))
	defer end.Stop()
	for len(replies) < len(c.Workers) || c.Workers == nil {
		select {
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		case <-unheard: // there is no queue of a worker
			return nil, 0, nil
		case <-end.C:
			return replies, took, nil
		case m, ok := <-got:
			if !ok {
				return nil, 0, errors.New("the server ended the connection")
			}
			if t, ok := m.Headers["ticket"].(string); ok && t != ticket {
				continue
			}
			if err := answered(m.Body, replies); err != nil {
				return nil, 0, err
			}
		}
		if took == 0 && c.enough(replies) {
			took = time.Since(start)
			end.Reset(min(graceTime, time.Until(deadline)))
		}
	}
	return replies, took, nil
}

// exchangeIsThere looks whether an exchange is there. A channel ends where it is not.
func exchangeIsThere(conn *amqp.Connection, name string) (bool, error) {
	channel, err := conn.Channel()
	if err != nil {
		return false, fmt.Errorf("no channel: %w", err)
	}
	err = channel.ExchangeDeclarePassive(name, amqp.ExchangeFanout, false, false, false, false, nil)
	if e, ok := errors.AsType[*amqp.Error](err); ok && e.Code == amqp.NotFound {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("the exchange %s: %w", name, err)
	}
	return true, channel.Close()
}

// replyChannel is a channel on a connection that has an exchange for replies, made
// as workers make it where none has replied yet.
func (c *Celery) replyChannel(conn *amqp.Connection) (*amqp.Channel, error) {
	name := "reply." + c.exchange()
	there, err := exchangeIsThere(conn, name)
	if err != nil {
		return nil, err
	}
	channel, err := conn.Channel()
	if err != nil {
		return nil, fmt.Errorf("no channel: %w", err)
	}
	if !there {
		if err := channel.ExchangeDeclare(name, amqp.ExchangeDirect, false, false, false, false, nil); err != nil {
			return nil, fmt.Errorf("the exchange %s: %w", name, err)
		}
	}
	return channel, nil
}
