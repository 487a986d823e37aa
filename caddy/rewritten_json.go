package caddy

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// object is an object of Caddy's configuration in JSON.
type object = map[string]any

// harmless are the handlers that a sandbox runs: those that Caddy has of its
// own, but for what reports to other services.
var harmless = []string{
	"authentication", "copy_response", "copy_response_headers", "encode", "error", "file_server", "headers", "intercept", "invoke", "log_append",
	"map", "request_body", "reverse_proxy", "rewrite", "static_response", "subroute", "templates", "vars",
}

// sandboxed is Caddy's configuration for a folder.
func (w *rewriting) sandboxed(config []byte, dir string) ([]byte, error) {
	var whole struct {
		Apps map[string]json.RawMessage `json:"apps"`
	}
	if err := json.Unmarshal(config, &whole); err != nil {
		return nil, err
	}
	var http struct {
		Servers map[string]object `json:"servers"`
	}
	if err := json.Unmarshal(whole.Apps["http"], &http); err != nil && whole.Apps["http"] != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(whole.Apps)) {
		if !slices.Contains([]string{"http", "tls", "pki"}, name) {
			w.change(conf.Pos{File: w.conf.Source.Roots[0]}, "the app %s is not run", name)
		}
	}
	servers, secure := object{}, false
	for name, s := range http.Servers {
		tls := w.server(s)
		secure = secure || tls
		servers[name] = s
	}
	apps := object{"http": object{"servers": servers, "grace_period": "1s"}}
	if secure {
		pair, err := w.certificate()
		if err != nil {
			return nil, err
		}
		apps["tls"] = object{"certificates": object{"load_pem": []any{pair}}}
	}
	out, err := json.MarshalIndent(object{
		"admin":   object{"disabled": true, "config": object{"persist": false}},
		"logging": object{"logs": object{"default": object{"level": "WARN", "writer": object{"output": "file", "filename": filepath.Join(dir, logFile)}}}},
		"storage": object{"module": "file_system", "root": filepath.Join(dir, "storage")},
		"apps":    apps,
	}, "", " ")
	if err != nil {
		return nil, err
	}
	return out, w.failed
}

// certificate is the sandbox's own, for every name. Caddy runs as a user who
// may not read its files.
func (w *rewriting) certificate() (object, error) {
	cert, key, err := w.o.Certificate()
	if err != nil {
		return nil, err
	}
	pair := object{"tags": []any{ownTag}}
	for name, file := range map[string]string{"certificate": cert, "key": key} {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		pair[name] = string(text)
	}
	return pair, nil
}

// ownTag is by what the sandbox's certificate is chosen for every name.
const ownTag = "sandbox"

// server puts a server into the sandbox, and says whether it speaks TLS.
func (w *rewriting) server(s object) (tls bool) {
	var listen []any
	for _, l := range texts(s["listen"]) {
		for _, known := range w.sockets {
			if known.listen == l {
				listen = append(listen, known.addr)
				tls = tls || known.tls
			}
		}
	}
	s["listen"] = listen
	for _, name := range []string{"listener_wrappers", "logs", "metrics", "tls_connection_policies", "trusted_proxies", "listen_protocols"} {
		delete(s, name)
	}
	s["protocols"] = []any{"h1", "h2"}
	s["automatic_https"] = object{"disable": true}
	if tls {
		s["tls_connection_policies"] = []any{object{"certificate_selection": object{"any_tag": []any{ownTag}}}}
	}
	begin := object{"handle": []any{object{"handler": "vars", "root": w.path(".")}}} // where Caddy is started
	s["routes"] = append([]any{begin}, w.routes(s["routes"])...)
	if errors, ok := s["errors"].(object); ok {
		errors["routes"] = w.routes(errors["routes"])
	}
	if named, ok := s["named_routes"].(object); ok {
		for _, r := range named {
			if r, ok := r.(object); ok {
				w.route(r)
			}
		}
	}
	return tls
}

func (w *rewriting) routes(v any) []any {
	list, _ := v.([]any)
	for _, r := range list {
		if r, ok := r.(object); ok {
			w.route(r)
		}
	}
	return list
}

func (w *rewriting) route(r object) {
	for _, set := range objects(r["match"]) {
		w.matchers(set)
	}
	var kept []any
	for _, h := range objects(r["handle"]) {
		if w.handler(h) {
			kept = append(kept, h)
		}
	}
	r["handle"] = kept
}

// matchers puts the files that matchers look for into the sandbox.
func (w *rewriting) matchers(set object) {
	if file, ok := set["file"].(object); ok {
		if root, ok := file["root"].(string); ok {
			file["root"] = w.path(root)
		}
	}
	for _, not := range objects(set["not"]) {
		w.matchers(not)
	}
}

// handler puts a handler into the sandbox; false where it is left out.
func (w *rewriting) handler(h object) bool {
	name, _ := h["handler"].(string)
	if !slices.Contains(harmless, name) {
		w.change(w.placeOf(name), "%s is left out", name)
		return false
	}
	switch name {
	case "vars":
		if root, ok := h["root"].(string); ok {
			h["root"] = w.path(root)
		}
	case "file_server":
		if root, ok := h["root"].(string); ok && root != "{http.vars.root}" {
			h["root"] = w.path(root)
		}
		var hide []any
		for _, name := range texts(h["hide"]) {
			if name == filepath.Join(w.o.Dir, mainFile) {
				name = w.conf.Source.Roots[0] // what Caddy hides is the Caddyfile
			}
			if strings.HasPrefix(name, "/") || strings.HasPrefix(name, "./") {
				name = w.path(name)
			}
			hide = append(hide, name)
		}
		h["hide"] = hide
		if browse, ok := h["browse"].(object); ok {
			delete(browse, "template_file")
		}
	case "templates":
		if root, ok := h["file_root"].(string); ok {
			h["file_root"] = w.path(root)
		}
	case "reverse_proxy":
		w.proxy(h)
	}
	h["routes"] = w.inner(h["routes"])
	if h["routes"] == nil {
		delete(h, "routes")
	}
	if errors, ok := h["errors"].(object); ok {
		errors["routes"] = w.routes(errors["routes"])
	}
	for _, r := range objects(h["handle_response"]) {
		if routes := w.inner(r["routes"]); routes != nil {
			r["routes"] = routes
		}
	}
	return true
}

func (w *rewriting) inner(v any) any {
	if v == nil {
		return nil
	}
	return w.routes(v)
}

// placeOf is where a directive stands that is called like a handler.
func (w *rewriting) placeOf(name string) conf.Pos {
	at := conf.Pos{File: w.conf.Source.Roots[0]}
	w.conf.Top.Walk(func(d *conf.Directive) bool {
		if d.Name == name && at.Line == 0 {
			at = d.Pos
		}
		return true
	})
	return at
}

// proxy is a reverse_proxy that asks stand-ins. They are plain, whatever is
// spoken with the application.
func (w *rewriting) proxy(h object) {
	transport, _ := h["transport"].(object)
	app := server.App{Protocol: "http", Aside: isAside(h)}
	if transport != nil {
		if p, ok := transport["protocol"].(string); ok {
			app.Protocol = strings.TrimSuffix(p, "_ntlm")
			transport["protocol"] = app.Protocol
		}
		for _, name := range []string{"tls", "versions", "resolver", "proxy_protocol", "local_address", "network_proxy", "forward_proxy_url"} {
			delete(transport, name)
		}
		if root, ok := transport["root"].(string); ok {
			transport["root"] = w.path(root)
		}
	}
	delete(h, "health_checks")
	upstreams := objects(h["upstreams"])
	if h["dynamic_upstreams"] != nil {
		delete(h, "dynamic_upstreams")
		upstreams = append(upstreams, object{"dial": "dynamic:80"})
	}
	var list []any
	for _, u := range upstreams {
		dial, _ := u["dial"].(string)
		if u["lookup_srv"] != nil {
			dial = fmt.Sprint(u["lookup_srv"]) + ":80"
			delete(u, "lookup_srv")
		}
		for i, addr := range ports(dial) {
			if i > 0 {
				break
			}
			app.Address = addr
		}
		at, err := w.standIn(app)
		if err != nil {
			w.fail(err)
			return
		}
		delete(u, "max_requests")
		u["dial"] = at
		list = append(list, u)
	}
	h["upstreams"] = list
}

// isAside says that what a reverse_proxy asks only decides whether the request
// goes on: forward_auth.
func isAside(h object) bool {
	rewrite, _ := h["rewrite"].(object)
	if rewrite["method"] != "GET" {
		return false
	}
	for _, r := range objects(h["handle_response"]) {
		match, _ := r["match"].(object)
		if codes, ok := match["status_code"].([]any); ok && slices.Contains(codes, any(float64(2))) {
			return true
		}
	}
	return false
}

// standIn is the address of what stands in for an application, or of the server
// of this configuration that is asked, as Caddy dials it.
func (w *rewriting) standIn(app server.App) (string, error) {
	if own := w.own(app.Address); own != "" {
		return own, nil
	}
	at, err := w.o.StandIn(app)
	if err != nil {
		return "", err
	}
	w.back[at] = app.Address
	if socket, ok := strings.CutPrefix(at, "unix:"); ok {
		w.back["unix/"+socket] = "unix/" + strings.TrimPrefix(app.Address, "unix:")
		return "unix/" + socket, nil
	}
	return at, nil
}

// own is the sandbox's address of a plain server of this configuration.
func (w *rewriting) own(addr string) string {
	host, port := splitListen(addr)
	if port == "" || host != "localhost" && !isLoopback(host) {
		return ""
	}
	for _, s := range w.sockets {
		h, p := splitListen(s.listen)
		if p == port && !s.tls && (h == "" || h == host || h == "localhost" || isLoopback(h)) {
			return s.addr
		}
	}
	return ""
}

// texts are the strings of a list.
func texts(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, one := range list {
		if s, ok := one.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// objects are the objects of a list.
func objects(v any) []object {
	list, _ := v.([]any)
	var out []object
	for _, one := range list {
		if o, ok := one.(object); ok {
			out = append(out, o)
		}
	}
	return out
}
