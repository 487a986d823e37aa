package lighttpd

import (
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/server"
)

// started are the elements of a backend about a process that lighttpd starts.
var started = []string{
	"bin-path", "bin-environment", "bin-copy-environment", "max-procs", "min-procs", "max-load-per-proc", "idle-timeout",
	"kill-signal", "listen-backlog", "host", "port", "socket",
}

// gateway is a setting such as proxy.server with stand-ins for its backends. No
// process is started.
func (w *rewriting) gateway(b *Block, g *gateway, s *Setting) *Value {
	return w.each(s.Value, func(key Item) *Value {
		return w.each(key.Value, func(entry Item) *Value {
			if entry.Value.Kind != Array {
				return entry.Value
			}
			h := &Host{Item: &entry}
			h.Addr, _ = address(&entry)
			return w.backend(b, g, s, h)
		})
	})
}

// backend is one entry with a stand-in.
func (w *rewriting) backend(b *Block, g *gateway, s *Setting, h *Host) *Value {
	out := &Value{Kind: Array}
	for _, i := range h.Item.Value.Items {
		switch {
		case i.HasKey && slices.Contains(started, i.Key):
			if i.Key == "bin-path" {
				w.change(place(i.Dir, s.Dir), "%s is not started: our stand-in answers for it", i.Value.Str())
			}
		case i.Key == "x-sendfile-docroot":
			i.Value = w.each(i.Value, func(folder Item) *Value { return text(w.path(folder.Value.Str())) })
			out.Items = append(out.Items, i)
		case i.Key == "docroot":
			i.Value = text(w.path(i.Value.Str()))
			out.Items = append(out.Items, i)
		default:
			out.Items = append(out.Items, i)
		}
	}
	if h.Addr == "" {
		return out // lighttpd refuses it, too
	}
	at, err := w.standIn(w.app(b, g, h))
	if err != nil {
		w.fail(err)
		return out
	}
	set := func(key string, v *Value) {
		out.Items = append(out.Items, Item{Key: key, HasKey: true, Value: v})
	}
	if socket, ok := strings.CutPrefix(at, "unix:"); ok {
		set("socket", text(socket))
		return out
	}
	host, port, _ := net.SplitHostPort(at)
	n, _ := strconv.Atoi(port)
	set("host", text(host))
	set("port", &Value{Kind: Integer, Number: n})
	return out
}

// app is the application that a backend is.
func (w *rewriting) app(b *Block, g *gateway, h *Host) server.App {
	app := server.App{Protocol: g.protocol, Address: h.Addr}
	if g.protocol == "scgi" {
		for ; b != nil; b = b.Parent {
			if p := b.Get("scgi.protocol"); p != nil {
				app.Protocol = p.Value.Str()
				break
			}
		}
	}
	if mode := h.option("mode"); mode != nil && mode.Value.Str() == "authorizer" {
		app.Aside = true
	}
	return app
}

// standIn is the address of what stands in for an application, or of the socket
// of this configuration that is asked.
func (w *rewriting) standIn(app server.App) (string, error) {
	for _, s := range w.sockets {
		if own, ok := w.router.accepts(strings.Replace(app.Address, "localhost:", "127.0.0.1:", 1)); ok && own == s.token {
			return s.addr, nil
		}
	}
	at, err := w.o.StandIn(app)
	if err != nil {
		return "", err
	}
	w.back[at] = app.Address
	return at, nil
}
