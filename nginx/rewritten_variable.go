package nginx

import (
	"fmt"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// variableHost is the host of a target with variables in its place. What nginx
// finds out while it runs stays so: a name that it has no resolver for stays a
// name, and a host that variables name is one still, of a variable of ours that
// knows the stand-ins.
func (w *rewriting) variableHost(d *conf.Directive, t target) string {
	if !strings.Contains(t.host, "$") {
		return w.resolved(d, t, t.host)
	}
	w.maps++
	name := fmt.Sprintf("$proxydiag_host%d", w.maps)
	unknown, err := w.standInAs(t.app(), t.host)
	if err != nil {
		w.fail(err)
	}
	lines := []string{fmt.Sprintf("map %s %s {", quoted(t.host), name), "    volatile;", "    default " + quoted(unknown) + ";"}
	for _, value := range w.conf.values(t.host) {
		lines = append(lines, fmt.Sprintf("    %s %s;", quoted(`\`+value), quoted(w.resolved(d, t, value))))
	}
	w.defined = append(w.defined, append(lines, "}")...)
	return name
}

// resolved is the address that stands for a host that is known while nginx runs.
func (w *rewriting) resolved(d *conf.Directive, t target, host string) string {
	if w.router.upstreams[host] != nil {
		return host
	}
	elsewhere := w.o.MadeUp && (w.conf.Fragment || w.o.AllowMissing)
	resolver := len(effective(d.Parent, "resolver")) > 0 || elsewhere
	if !resolver && !isAddress(host) && !w.literal(withPort(host, t.port())) {
		return host // which nginx cannot resolve
	}
	t.host = host
	at, err := w.standInAs(t.app(), host)
	if err != nil {
		w.fail(err)
	}
	return at
}

// literal says that a host and port are named elsewhere without variables: nginx
// resolves those when it starts, and needs no resolver for them.
func (w *rewriting) literal(address string) bool {
	found := false
	w.conf.HTTP.Walk(func(d *conf.Directive) bool {
		if protocols[d.Name] != "" && !strings.Contains(d.Arg(0), "$") {
			t := targetOf(d.Name, d.Arg(0))
			found = found || withPort(t.host, t.port()) == address
		}
		return !found
	})
	return found
}

// values are the texts that a text with variables can become, as far as the
// configuration says it without variables.
func (c *Config) values(text string) []string {
	const most = 256
	list := []string{""}
	for _, p := range cutVariables(text) {
		more := []string{p.text}
		if p.variable {
			more = c.assigned(p.text)
		}
		var next []string
		for _, before := range list {
			for _, m := range more {
				if len(next) < most {
					next = append(next, before+m)
				}
			}
		}
		list = next
	}
	slices.Sort(list)
	return slices.DeleteFunc(slices.Compact(list), func(v string) bool { return v == "" })
}

// assigned are the plain texts that set and map give a variable.
func (c *Config) assigned(name string) []string {
	var list []string
	for _, a := range c.assignments(name) {
		if text := a.Arg(len(a.Args) - 1); !strings.Contains(text, "$") {
			list = append(list, text)
		} else if parts := cutVariables(text); len(parts) == 1 && parts[0].text != name && len(list) < 100 {
			list = append(list, c.assignedPlain(parts[0].text)...)
		}
	}
	return list
}

// assignedPlain is assigned without what is assigned from further variables.
func (c *Config) assignedPlain(name string) []string {
	var list []string
	for _, a := range c.assignments(name) {
		if text := a.Arg(len(a.Args) - 1); !strings.Contains(text, "$") {
			list = append(list, text)
		}
	}
	return list
}

// assignments are the directives, or the lines of maps, that give a variable
// its value.
func (c *Config) assignments(name string) []*conf.Directive {
	var list []*conf.Directive
	c.HTTP.Walk(func(d *conf.Directive) bool {
		switch {
		case d.Name == "set" && d.Arg(0) == "$"+name:
			list = append(list, d)
		case isTable(d) && d.Arg(len(d.Args)-1) == "$"+name:
			for _, line := range d.Block {
				if len(line.Args) == 1 {
					list = append(list, line)
				}
			}
		}
		return true
	})
	return list
}

// url is a whole URL that variables hold, with stand-ins in it: the values of
// the variable have theirs where they are written, and what comes from
// elsewhere, such as a client or an application, is never asked.
func (w *rewriting) url(d *conf.Directive, text string) string {
	if strings.Contains(text, "://") {
		t := targetOf("proxy_pass", text)
		return t.at(w.variableHost(d, t))
	}
	parts := cutVariables(text)
	if len(parts) > 0 && parts[0].variable && len(w.conf.assignments(parts[0].text)) > 0 {
		return text
	}
	t := target{protocol: "http", scheme: "http", host: text}
	at, err := w.standInAs(t.app(), text)
	if err != nil {
		w.fail(err)
	}
	return "http://" + at
}

// holdsURL says that proxy_pass takes a whole URL from a variable.
func (w *rewriting) holdsURL(name string) bool {
	if w.urls == nil {
		w.urls = map[string]bool{}
		w.conf.HTTP.Walk(func(d *conf.Directive) bool {
			if d.Name == "proxy_pass" && strings.HasPrefix(d.Arg(0), "$") && !strings.Contains(d.Arg(0), "://") {
				w.noteURL(cutVariables(d.Arg(0))[0].text)
			}
			return true
		})
	}
	return w.urls[name]
}

func (w *rewriting) noteURL(name string) {
	if w.urls[name] {
		return
	}
	w.urls[name] = true
	for _, a := range w.conf.assignments(name) {
		if text := a.Arg(len(a.Args) - 1); strings.HasPrefix(text, "$") {
			w.noteURL(cutVariables(text)[0].text)
		}
	}
}

// assignment is set, or a line of a map, with the stand-in of a URL that
// proxy_pass takes from there.
func (w *rewriting) assignment(d *conf.Directive) *conf.Directive {
	args := d.Texts(0)
	if last := len(args) - 1; args[last] != "" {
		args[last] = w.url(d, args[last])
	}
	c := with(d, args...)
	return c
}
