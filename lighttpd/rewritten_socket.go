package lighttpd

import (
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/proc"
)

// listened is an address that lighttpd listens on.
type listened struct {
	token string // in the form in which sockets are compared
	tls   bool
	by    *conf.Directive // what says so, nil where nothing does
}

// socket is an address of the configuration and the one that stands for it.
type socket struct {
	listened
	addr   string
	public string // where clients come to: another one where TLS is spoken
}

// listening are the addresses that lighttpd listens on, the main one first. A
// part of a configuration that names none is one of a main file that listens
// on port 80.
func listening(c *Config) []listened {
	global := c.Blocks[0]
	on := func(b *Block) bool {
		s := b.Get("ssl.engine")
		if s == nil {
			s = global.Get("ssl.engine")
		}
		return s != nil && s.Value.On(false)
	}
	tokens := sockets(c)
	if len(tokens) == 0 {
		tokens = []string{"0.0.0.0:80"}
	}
	list := []listened{{token: tokens[0], tls: on(global)}}
	for _, name := range []string{"server.bind", "server.port"} {
		if s := global.Get(name); s != nil {
			list[0].by = s.Dir
		}
	}
	for _, b := range c.Blocks[1:] {
		if b.Cond.Object != "SERVER" || b.Cond.Op != OpEqual || b.Cond.Unknown != "" {
			continue
		}
		token := socketToken(b.Cond.Value, NewRouter(c, RouterOptions{}).port())
		if token == list[0].token {
			list[0].tls, list[0].by = on(b), b.Dir
			continue
		}
		list = append(list, listened{token, on(b), b.Dir})
	}
	return list
}

// listen finds an address of the sandbox for each of the configuration's.
func (w *rewriting) listen() error {
	w.sockets = nil
	for _, l := range listening(w.conf) {
		_, port, err := net.SplitHostPort(l.token)
		n, _ := strconv.Atoi(port)
		if err != nil {
			n = 0 // a unix socket
		}
		addr, err := proc.FreeAddrFor(n, w.user)
		if err != nil {
			return err
		}
		s := socket{l, addr, addr}
		if l.tls {
			if s.public, err = proc.FreeAddrFor(n, ""); err != nil {
				return err
			}
		}
		w.sockets = append(w.sockets, s)
		w.back[s.public] = strings.Replace(strings.Replace(l.token, "0.0.0.0:", "127.0.0.1:", 1), "[::]:", "[::1]:", 1)
	}
	return nil
}

// terminate speaks TLS on the addresses that have it.
func (w *rewriting) terminate() (list []*terminator, err error) {
	for _, s := range w.sockets {
		if !s.tls {
			continue
		}
		cert, key, err := w.o.Certificate()
		if err != nil {
			return list, err
		}
		t, err := terminate(s.public, s.addr, cert, key)
		if err != nil {
			return list, err
		}
		list = append(list, t)
	}
	return list, nil
}

// secured are settings for the sockets with TLS.
func (w *rewriting) secured() {
	for _, s := range w.sockets {
		if s.tls {
			w.out.line(s.by, 0, `$SERVER["socket"] == `+quoted(s.addr)+` {`)
			w.out.line(s.by, 1, `extforward.forwarder = ("all" => "trust")`)
			w.out.line(s.by, 1, `extforward.hap-PROXY = "enable"`)
			w.out.line(s.by, 0, "}")
		}
	}
}

// hasTLS says that TLS is spoken on an address.
func (w *rewriting) hasTLS() bool {
	return slices.ContainsFunc(w.sockets, func(s socket) bool { return s.tls })
}

// socketIn is what a condition on the socket compares with in the sandbox.
func (w *rewriting) socketIn(c Cond, op, value string) string {
	if op != string(OpEqual) && op != string(OpNotEqual) {
		return value
	}
	token := socketToken(value, w.router.port())
	for _, s := range w.sockets {
		if s.token == token {
			return s.addr
		}
	}
	return value
}
