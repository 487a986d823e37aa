package apache

import (
	"regexp"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// targetOf is the argument of a directive that says what is asked, a URL.
func targetOf(d *conf.Directive) (index int, target string, ok bool) {
	switch d.Name {
	case "ProxyPass", "ProxyPassMatch":
		index = 1
		if p := d.Parent; p != nil && (p.Name == "Location" || p.Name == "LocationMatch") {
			index = 0
		} else if d.Arg(0) == "~" {
			index = 2
		}
	case "BalancerMember":
		if !strings.Contains(d.Arg(1), "://") {
			break
		}
		index = 1
	case "SetHandler":
		target, ok = strings.CutPrefix(d.Arg(0), "proxy:")
		return 0, target, ok
	case "RewriteRule":
		if index = 1; !has(flagsOf(d.Arg(2)), "P") {
			return 1, "", false
		}
	default:
		return 0, "", false
	}
	target = d.Arg(index)
	return index, target, strings.Contains(target, "://")
}

// protocolOf is what is spoken to an upstream, by the scheme of its URL.
func protocolOf(scheme string) string {
	switch scheme {
	case "fcgi":
		return "fastcgi"
	case "scgi", "uwsgi":
		return scheme
	}
	return "http"
}

// standInSchemes are the schemes by which stand-ins are asked that speak HTTP
// alone.
var standInSchemes = map[string]string{"https": "http", "ajp": "http", "h2": "http", "h2c": "http", "wss": "ws", "ftp": "http"}

// literalHost is a host, with a port perhaps, without variables.
var literalHost = regexp.MustCompile(`^(?:[\w.-]+|\[[0-9a-fA-F:.]+\])(?::\d+)?$`)

// splitTarget cuts the URL of a target: what is asked, the scheme and what is
// behind the address. It is false where nothing is asked by address.
func splitTarget(target string) (scheme string, app server.App, rest string, ok bool) {
	socket := ""
	if after, cut := strings.CutPrefix(target, "unix:"); cut {
		if socket, target, cut = strings.Cut(after, "|"); !cut {
			return "", app, "", false
		}
	}
	scheme, rest, ok = strings.Cut(target, "://")
	scheme = strings.ToLower(scheme)
	if !ok || scheme == "balancer" || strings.Trim(scheme, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return "", app, "", false
	}
	host, uri := rest, ""
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		host, uri = rest[:i], rest[i:]
	}
	if i := strings.IndexAny(host, "$%"); i > 0 && literalHost.MatchString(host[:i]) && !strings.ContainsAny(host[i:], ".:-") {
		host, uri = host[:i], host[i:]+uri // what the variable holds begins with the path
	}
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	app = server.App{Protocol: protocolOf(scheme), Address: withPort(scheme, host)}
	if socket != "" {
		app.Address, uri = "unix:"+socket, "://"+rest
	}
	return scheme, app, uri, true
}

// url is a target with the address of a stand-in, or of this configuration
// itself, in it.
func (w *copying) url(target string) (string, bool) {
	scheme, app, rest, ok := splitTarget(target)
	if !ok {
		return "", false
	}
	if other := standInSchemes[scheme]; other != "" {
		scheme = other
	}
	at, err := w.standIn(app)
	if err != nil {
		w.failed = err
		return "", false
	}
	if strings.HasPrefix(app.Address, "unix:") {
		return at + "|" + scheme + rest, true
	}
	return scheme + "://" + at + rest, true
}

// standIn is the address of what stands in for an application, or of the virtual
// host of this configuration that is asked.
func (w *copying) standIn(app server.App) (string, error) {
	if at, ok := w.at.local(app.Address); ok {
		return at, nil
	}
	at, err := w.o.StandIn(app)
	if err != nil {
		return "", err
	}
	w.back = append(w.back, [2]string{at, app.Address})
	return at, nil
}

// target is a directive that asks an application, or rewrites to a file.
func (w *copying) target(d *conf.Directive) *conf.Directive {
	i, target, ok := targetOf(d)
	if !ok {
		switch {
		case d.Name != "RewriteRule":
			return copyOf(d)
		case has(flagsOf(d.Arg(2)), "P") && strings.HasPrefix(d.Arg(1), "/"): // it asks the host of the request
			e := w.at.endpoints[0]
			return replaced(d, 1, "http://"+w.at.host[w.at.covered(e)[0]]+":"+w.at.port[e.port]+d.Arg(1))
		}
		return w.rewritten(d)
	}
	url, ok := w.url(target)
	if !ok {
		return copyOf(d)
	}
	if d.Name == "SetHandler" {
		url = "proxy:" + url
	}
	c := replaced(d, i, url)
	c.Args = withoutChecks(c.Args)
	return c
}

// withoutChecks leaves out parameters of workers by which Apache asks whether
// they are there: stand-ins are.
func withoutChecks(args []conf.Arg) []conf.Arg {
	var kept []conf.Arg
	for _, a := range args {
		name, _, ok := strings.Cut(strings.ToLower(a.Text), "=")
		if ok && (strings.HasPrefix(name, "hc") || name == "ping") {
			continue
		}
		kept = append(kept, a)
	}
	return kept
}

// proxied is a Proxy section for what it names in the sandbox.
func (w *copying) proxied(d *conf.Directive) *conf.Directive {
	_, app, _, ok := splitTarget(d.Arg(0))
	if d.Arg(0) == "~" || !ok || strings.ContainsAny(app.Address, "*?") {
		return copyOf(d)
	}
	if url, ok := w.url(d.Arg(0)); ok {
		return replaced(d, 0, url)
	}
	return copyOf(d)
}

// proxies are directives by which Apache asks others than applications.
var proxies = map[string]string{
	"proxyremote": "no other proxy is asked", "proxyremotematch": "no other proxy is asked", "authnzfcgidefineprovider": "nobody else is asked",
	"loadfile": "libraries are not loaded", "cachefile": "files are not loaded in advance", "mmapfile": "files are not loaded in advance",
	"ldaptrustedglobalcert": "nobody else is asked", "proxyexpressdbmfile": "nobody else is asked", "proxyexpressenable": "nobody else is asked",
}

// outside leaves out what has to do with others: other proxies, programs that
// tell passwords, names that are looked up.
func (w *copying) outside(name string, d *conf.Directive) ([]*conf.Directive, bool) {
	if why, ok := proxies[name]; ok {
		w.change(d, "%s: %s is left out", why, d.Name)
		return nil, true
	}
	if slices.ContainsFunc(d.Args, func(a conf.Arg) bool { return strings.HasPrefix(a.Text, "exec:") }) {
		w.change(d, "no programs are run: %s is left out", d.Name)
		return nil, true
	}
	switch name {
	case "usecanonicalname":
		if strings.EqualFold(d.Arg(0), "dns") {
			w.change(d, "no names are looked up: %s is left out", written(d))
			return nil, true
		}
	case "remoteipinternalproxy", "remoteiptrustedproxy":
		args := slices.DeleteFunc(d.Texts(0), func(a string) bool { return strings.Trim(a, "0123456789abcdefABCDEF.:/") != "" })
		if len(args) < len(d.Args) {
			w.change(d, "no names are looked up: those of %s are left out", d.Name)
		}
		if len(args) == 0 {
			return nil, true
		}
		return []*conf.Directive{with(d, args...)}, true
	}
	if name == "dav" && !strings.EqualFold(d.Arg(0), "on") && !strings.EqualFold(d.Arg(0), "off") && !strings.EqualFold(d.Arg(0), "filesystem") {
		w.change(d, "there is no repository here: %s is left out", written(d))
		return nil, true
	}
	return nil, false
}

// nobody is an address that no client has (RFC 5737).
const nobody = "192.0.2.1"

// client is what admits clients by their names, which are not looked up: no
// client of the sandbox has one.
func (w *copying) client(d *conf.Directive) *conf.Directive {
	if strings.EqualFold(d.Name, "Require") {
		words := d.Texts(0)
		i := 0
		if len(words) > 0 && strings.EqualFold(words[0], "not") {
			i = 1
		}
		if len(words) > i && (strings.EqualFold(words[i], "host") || strings.EqualFold(words[i], "forward-dns")) {
			return with(d, append(words[:i:i], "ip", nobody)...)
		}
		return copyOf(d)
	}
	words := d.Texts(0)
	changed := false
	for i := 1; i < len(words); i++ {
		if !strings.EqualFold(words[i], "all") && !strings.Contains(words[i], "=") && strings.Trim(words[i], "0123456789abcdefABCDEF.:/") != "" {
			words[i], changed = nobody, true
		}
	}
	if !changed {
		return copyOf(d)
	}
	return with(d, words...)
}
