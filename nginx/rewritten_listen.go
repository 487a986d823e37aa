package nginx

import (
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// keptParameters are the parameters of listen that a sandbox keeps: what is
// about the protocol and the default, not about the socket.
var keptParameters = []string{"default_server", "default", "ssl", "http2"}

// socketParameters are the others (https://nginx.org/en/docs/http/ngx_http_core_module.html#listen).
// What is none of both is kept, for nginx to refuse.
var socketParameters = []string{"deferred", "spdy", "bind", "reuseport", "proxy_protocol", "quic"}

// listen is a listen directive on addresses of the sandbox.
func (w *rewriting) listen(d *conf.Directive) []*conf.Directive {
	if slices.Contains(d.Texts(1), "quic") {
		w.change(d, "HTTP/3 is not tried: %s is left out", written(d))
		return nil
	}
	if strings.Contains(d.Arg(0), "$") {
		w.fail(&conf.Error{Problems: []conf.Problem{{Pos: d.Pos, Kind: conf.Syntax, Message: "listen takes no variables: " + fillIn}}})
		return nil
	}
	var own []listen
	for _, l := range listens(d.Parent) {
		if l.dir == d {
			own = append(own, l)
		}
	}
	if slices.Contains(d.Texts(1), "proxy_protocol") {
		w.change(d, "the PROXY protocol is not spoken in the sandbox: the parameter is left out")
	}
	return w.listenOn(d, own)
}

// listenOn are listen directives for some addresses of the configuration.
func (w *rewriting) listenOn(d *conf.Directive, addresses []listen) []*conf.Directive {
	var list []*conf.Directive
	for _, l := range addresses {
		at, err := w.socket(l)
		if err != nil {
			w.fail(err)
			return nil
		}
		args := []string{at}
		if d.Name == "listen" {
			for _, a := range d.Texts(1) {
				if slices.Contains(keptParameters, a) || !slices.Contains(socketParameters, a) && !strings.Contains(a, "=") {
					args = append(args, a)
				}
			}
		}
		c := with(d, args...)
		c.Name, c.IsBlock = "listen", false
		list = append(list, c)
	}
	return list
}

// socket is the sandbox's address for one of the configuration, a TCP port of
// loopback for a unix socket, too. The port stays the same where it can be had,
// as variables and redirects tell it to clients.
func (w *rewriting) socket(l listen) (string, error) {
	key := l.String()
	for _, s := range w.sockets {
		if s.key == key {
			return s.addr, nil
		}
	}
	port, err := strconv.Atoi(l.port)
	if err != nil && l.port != "" {
		return "", fmt.Errorf("%s: no port: %s", l.dir.Pos, l.port)
	}
	host := net.IPv4(127, byte(rand.IntN(256)), byte(rand.IntN(256)), byte(1+rand.IntN(254)))
	var listener *net.TCPListener
	for _, try := range []net.TCPAddr{{IP: host, Port: port}, {IP: host}, {IP: net.IPv4(127, 0, 0, 1)}} {
		if listener, err = net.ListenTCP("tcp4", &try); err == nil {
			break
		}
	}
	if err != nil {
		return "", fmt.Errorf("cannot listen on loopback for nginx: %w", err)
	}
	addr := listener.Addr().String()
	w.sockets = append(w.sockets, socket{key, addr, listener})
	w.back = append(w.back, addr, strings.Replace(strings.Replace(key, "*:", "127.0.0.1:", 1), "[::]:", "[::1]:", 1))
	if got := listener.Addr().(*net.TCPAddr).Port; got != port && port != 0 {
		w.back = append(w.back, ":"+strconv.Itoa(got), portInURL(l))
	}
	return addr, nil
}

// portInURL is a port as URLs have it: none for the scheme's own.
func portInURL(l listen) string {
	if l.port == "80" && !l.ssl || l.port == "443" && l.ssl {
		return ""
	}
	return ":" + l.port
}
