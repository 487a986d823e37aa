package compare

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"
)

// DefaultTimeout is the time for a whole exchange where Options names none.
const DefaultTimeout = 10 * time.Second

// Options are what all captures of a Client have in common. The zero value
// is useful.
type Options struct {
	Timeout time.Duration // for the whole exchange; 0 is DefaultTimeout
	Idle    time.Duration // longest silence within a body; 0 is Timeout
	// Resolve sends connections for "host:port" to "addr" or "addr:port"
	// instead, as curl's --resolve; Host, TLS name and URL stay as they are.
	Resolve    map[string]string
	Insecure   bool           // accept any certificate
	RootCAs    *x509.CertPool // nil: the system's
	UserAgent  string         // "" is "proxydiag"; a User-Agent of the Request wins
	ForceHTTP1 bool           // do not offer HTTP/2 over TLS
}

// Client captures exchanges. It keeps no state between them and may be used
// by several goroutines at once.
type Client struct{ opt Options }

// New returns a client with these options.
func New(o Options) *Client {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Idle <= 0 {
		o.Idle = o.Timeout
	}
	if o.UserAgent == "" {
		o.UserAgent = "proxydiag"
	}
	resolve := make(map[string]string, len(o.Resolve))
	for k, v := range o.Resolve {
		resolve[strings.ToLower(k)] = v
	}
	o.Resolve = resolve
	return &Client{opt: o}
}

// Capture sends r once, over a connection of its own that is closed
// afterwards, and returns what happened; failures are data in it.
//
// Over TLS it speaks HTTP/2 where the server chooses it by ALPN, otherwise
// HTTP/1.1. It adds Host and User-Agent and no other field: no
// Accept-Encoding, no "Connection: close". It follows no redirect, decodes no
// content coding, and uses no proxy of the environment.
func (c *Client) Capture(ctx context.Context, r Request) Exchange {
	start := time.Now()
	x := &run{opt: c.opt, req: r, phase: PhaseWrite}
	var cancel context.CancelFunc
	if r.Patient {
		x.ctx, cancel = context.WithCancel(ctx)
		x.deadline = time.AfterFunc(c.opt.Timeout, cancel)
		defer x.deadline.Stop()
	} else {
		x.ctx, cancel = context.WithTimeout(ctx, c.opt.Timeout)
	}
	defer cancel()
	x.ex.Body = emptyBody()
	x.body = newSink(r)
	err := x.prepare()
	if err == nil {
		err = x.exchange()
	}
	if err != nil {
		x.ex.Failure = x.failure(ctx, err)
	}
	x.ex.Timing.Total = milliseconds(time.Since(start))
	return x.ex
}

// run is one capture under way.
type run struct {
	opt Options
	req Request
	url *url.URL
	ctx context.Context // ends at the timeout
	// deadline ends ctx for a patient request, until its body begins.
	deadline *time.Timer
	phase    string
	peer     string // for messages: the address, or what it was to be
	body     *sink
	expected int64 // bytes of the body, for Progress; -1: not known
	ex       Exchange
}

// prepare checks the request and fills in its defaults.
func (x *run) prepare() error {
	u, err := url.Parse(x.req.URL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		return failf(Other, PhaseWrite, "the URL is not an absolute http or https URL: write it like http://host/path")
	}
	x.url = u
	if x.req.Method == "" {
		x.req.Method = "GET"
	}
	if !isToken(x.req.Method) {
		return failf(Other, PhaseWrite, "the method %q cannot be sent: it has to be one word", clip(x.req.Method))
	}
	fields := make(Header, 0, len(x.req.Header)+2)
	for _, f := range x.req.Header {
		if !isToken(f.Name) || strings.ContainsAny(f.Value, "\r\n\x00") {
			return failf(Other, PhaseWrite, "the header field %q cannot be sent: it holds characters that HTTP forbids", clip(f.Name))
		}
		if strings.EqualFold(f.Name, "Host") {
			if x.req.Host == "" {
				x.req.Host = f.Value
			}
			continue
		}
		fields = append(fields, f)
	}
	if !fields.Has("User-Agent") {
		fields = append(fields, Field{"User-Agent", x.opt.UserAgent})
	}
	if u.User != nil && !fields.Has("Authorization") {
		fields = append(fields, Field{"Authorization", basic(u.User)})
	}
	x.req.Header = fields
	if x.req.Host == "" {
		x.req.Host = u.Host
	}
	x.ex.Request = Sent{Method: x.req.Method, URL: x.sentURL(u.RequestURI()), Host: x.req.Host}
	return nil
}

// sentURL is the URL of a request with this target.
func (x *run) sentURL(target string) string {
	return x.url.Scheme + "://" + x.url.Host + target
}

// exchange connects, speaks the protocol that was agreed on, and closes.
func (x *run) exchange() error {
	conn, closeConn, err := x.connect()
	if err != nil {
		return err
	}
	// A cancelled context or the timeout ends whatever is being waited for.
	stop := context.AfterFunc(x.ctx, closeConn)
	defer closeConn()
	defer stop()

	x.phase = PhaseWrite
	if t, ok := conn.(*tls.Conn); ok && t.ConnectionState().NegotiatedProtocol == "h2" {
		return x.http2(conn)
	}
	return x.http1(conn)
}

// bodyBegins marks the end of the header.
func (x *run) bodyBegins() {
	x.phase = PhaseBody
	x.expected = contentLength(x.ex.Header)
	if x.req.Expect != nil {
		x.expected = x.req.Expect.Size()
	}
	if x.deadline != nil {
		x.deadline.Stop()
	}
}

// least is how many bytes of the body have to come within Options.Idle; 0: any.
func (x *run) least() int {
	if x.req.Patient {
		return leastProgress
	}
	return 0
}

// failure makes the typed failure of err. caller is the context that Capture
// was given.
func (x *run) failure(caller context.Context, err error) *Failure {
	if caller.Err() != nil && !errors.Is(caller.Err(), context.DeadlineExceeded) {
		return failf(Canceled, x.phase, "the exchange was cancelled")
	}
	var f *Failure
	if errors.As(err, &f) {
		return f
	}
	if x.ctx.Err() != nil {
		limit := x.opt.Timeout
		if caller.Err() != nil {
			limit = 0
		}
		return failf(Timeout, x.phase, "%s", timeoutMessage(x.phase, x.peer, limit))
	}
	if f := classify(err, x.phase, x.peer); f != nil {
		if f.Kind == Timeout && x.phase == PhaseBody {
			f.Message = x.silence()
		}
		return f
	}
	return failf(Other, x.phase, "%s", err)
}

// silence says what was waited for in vain within the body.
func (x *run) silence() string {
	if x.req.Patient {
		return fmt.Sprintf("%s sent less than %d KiB of the body within %s", x.peer, leastProgress>>10, x.opt.Idle)
	}
	return fmt.Sprintf("%s sent nothing more of the body for %s", x.peer, x.opt.Idle)
}

// isToken reports whether s is a token (RFC 9110 section 5.6.2).
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		alnum := '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !alnum && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// address is the host:port that u names.
func address(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(u.Hostname(), port)
}
