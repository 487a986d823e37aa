package gate

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// Intent is what the user states about what the configuration is for; the zero
// value states nothing.
type Intent struct {
	// Storage is the folder that holds the files, as the configuration calls it.
	Storage string
	// Sendfile is the application's handoff, KIND:PREFIX.
	Sendfile string
	// Path is the download URL's path, /dl/, or the URL with its host. A name is
	// appended to it, or takes the place of {name}.
	Path string
}

// Pair is a way in and a way out that are tried together.
type Pair struct {
	Via server.WayIn
	To  server.WayOut
	// MadeUp says that the handoff was made up from the configuration: nobody
	// said that the application hands off so there.
	MadeUp bool
	// Untried says why it is not tried; "" where it is.
	Untried string
}

// Pairs are what is tried of a configuration: with a statement of intent what it
// says, else each way in with each way out of the same scope.
func Pairs(offers server.Offers, o Options) ([]Pair, error) {
	outs, err := o.outs(offers)
	if err != nil {
		return nil, err
	}
	ways := Distinct(o.ways(offers))
	var pairs []Pair
	for _, via := range ways {
		for _, to := range outs {
			if to.Scope != "" && to.Scope != via.Scope || !named(o.Via, via.Name) || !named(o.To, to.Name) || storeItself(via, to, ways) {
				continue
			}
			untried := cmp.Or(via.Untried, to.Untried)
			if to.Object != nil && via.App == to.Object.App { // the application itself
				if to.Object = nil; to.Storage == "" {
					untried = cmp.Or(untried, "the application itself is asked there")
				}
			}
			pairs = append(pairs, Pair{Via: via, To: to, Untried: untried,
				MadeUp: o.Intent.Path == "" || o.Intent.Sendfile == "" || o.Intent.Storage == "" && to.Object == nil})
		}
	}
	if len(pairs) > 0 {
		return pairs, nil
	}
	switch {
	case len(offers.Ports) == 0:
		return nil, errors.New("the configuration listens nowhere, so that nothing can be asked")
	case len(o.Via)+len(o.To) > 0:
		return nil, fmt.Errorf("--via and --to leave nothing to try; --list shows what there is")
	case len(ways) == 0:
		return nil, errors.New("no location of the configuration asks an application, so that nothing can hand off; say which URL downloads have with --path")
	case len(outs) == 0:
		return nil, errors.New("no location of the configuration takes handoffs; say how the application hands off with --sendfile and where the files lie with --storage")
	}
	return nil, errors.New("no way in leads to a way out: what asks an application and what takes handoffs stand in different servers")
}

// Distinct tells ways in of one name apart by their origins.
func Distinct(ways []server.WayIn) []server.WayIn {
	origins := map[string]string{}
	several := map[string]bool{}
	for _, w := range ways {
		if known, ok := origins[w.Name]; ok && known != w.Origin {
			several[w.Name] = true
		}
		origins[w.Name] = w.Origin
	}
	ways = slices.Clone(ways)
	for i, w := range ways {
		if _, rest, ok := strings.Cut(w.Name, " "); ok && several[w.Name] {
			ways[i].Name = w.Origin + " " + rest
		}
	}
	return ways
}

// storeItself says that a way in leads to what holds the files of a way out,
// and no application: others lead to that.
func storeItself(via server.WayIn, to server.WayOut, ways []server.WayIn) bool {
	return to.Object != nil && via.App == to.Object.App && slices.ContainsFunc(ways, func(w server.WayIn) bool {
		return w.Scope == via.Scope && w.App != via.App
	})
}

// named says that a name has one of the texts in it.
func named(texts []string, name string) bool {
	return len(texts) == 0 || slices.ContainsFunc(texts, func(t string) bool { return strings.Contains(name, t) })
}

// outs are the ways out that are meant.
func (o Options) outs(offers server.Offers) ([]server.WayOut, error) {
	if o.Intent.Sendfile == "" {
		outs := slices.Clone(offers.Outs)
		for i := range outs {
			if o.Intent.Storage != "" && outs[i].Object == nil {
				outs[i].Storage = o.Intent.Storage
			}
		}
		return outs, nil
	}
	spec, err := sendfile.ParseSpec(o.Intent.Sendfile, "")
	if err != nil {
		return nil, err
	}
	out := server.WayOut{Sendfile: spec.String(), Storage: o.Intent.Storage}
	if spec.Dialect.Form != sendfile.URI && out.Storage == "" {
		out.Storage = spec.Prefix
	}
	for _, known := range offers.Outs {
		if out.Storage == "" && known.Sendfile == out.Sendfile {
			if known.Object != nil { // where its files are it says by itself
				known.Scope = ""
				return []server.WayOut{known}, nil
			}
			out.Storage = known.Storage
		}
		if rest, ok := strings.CutPrefix(out.Sendfile, known.Sendfile); ok && known.Object != nil && out.Object == nil {
			object := *known.Object
			object.Path += rest
			out.Object, out.Untried = &object, known.Untried
		}
	}
	if out.Storage == "" {
		return nil, fmt.Errorf("--sendfile %s: no location of the configuration is for that prefix, so where the files lie is not known; add --storage DIR", spec)
	}
	out.Name = spec.Prefix + " (" + out.Storage + ")"
	return []server.WayOut{out}, nil
}

// ways are the ways in that are meant: with a path those servers that take it
// to an application or, where none does, all.
func (o Options) ways(offers server.Offers) []server.WayIn {
	if o.Intent.Path == "" {
		return offers.Ways
	}
	origin, path := split(o.Intent.Path)
	var taking, all []server.WayIn
	longest := 0
	for _, port := range at(offers.Ports, origin) {
		via := server.WayIn{Port: port, URL: diag.URL(port.Origin + path), Path: path}
		via.Name = strings.TrimPrefix(strings.TrimPrefix(port.Origin, "http://"), "https://") + " " + path
		best := -1
		for i, w := range offers.Ways {
			base := w.URL.Base()
			here := w.Origin == port.Origin && w.Listen == port.Listen
			if here && strings.HasPrefix(via.URL.Base(), base) && (best < 0 || len(base) > len(offers.Ways[best].URL.Base())) {
				best = i
			}
		}
		if best >= 0 {
			w := offers.Ways[best]
			via.App, via.Location = w.App, w.Location
			// The path is meant for what names it most exactly.
			switch exact := len(strings.TrimPrefix(w.URL.Base(), w.Origin)); {
			case exact > longest:
				taking, longest = []server.WayIn{via}, exact
			case exact == longest:
				taking = append(taking, via)
			}
		} else if app, ok := only(offers.Ways); ok {
			via.App = app
		}
		all = append(all, via)
	}
	if len(taking) > 0 {
		return taking
	}
	return all
}

// at are the ports that a URL's origin leads to: those of that name or, where
// there are none, what takes other names on the same port or, where nothing does
// (as behind a container's published port), on any. Of no origin it is all.
func at(ports []server.Port, origin string) []server.Port {
	if origin == "" {
		return ports
	}
	scheme, host := urlOf(origin)
	var named, same, any []server.Port
	add := func(list []server.Port, p server.Port) []server.Port {
		if slices.ContainsFunc(list, func(q server.Port) bool { return q.Listen == p.Listen }) {
			return list
		}
		p.Scope = "" // which block takes it is what is to be seen
		return append(list, p)
	}
	for _, p := range ports {
		its, _ := urlOf(p.Origin)
		if p.Origin == origin {
			named = append(named, p)
		}
		own := p
		own.Origin = its + "://" + usual(net.JoinHostPort(host, port(p.Origin)), its == "https")
		if port(p.Origin) == port(origin) {
			p.Origin = origin
			same = add(same, p)
		} else if its == scheme {
			any = add(any, own)
		}
	}
	for _, list := range [][]server.Port{named, same, any} {
		if len(list) > 0 {
			return list
		}
	}
	return nil
}

// urlOf cuts an origin into scheme and host, without a port.
func urlOf(origin string) (scheme, host string) {
	scheme, _, _ = strings.Cut(origin, "://")
	host, _, _ = net.SplitHostPort(address(diag.URL(origin)))
	return scheme, host
}

// port is the port of an origin.
func port(origin string) string {
	_, port, _ := net.SplitHostPort(address(diag.URL(origin)))
	return port
}

// only is the one application that there is; ok is false where there are several.
func only(ways []server.WayIn) (app server.App, ok bool) {
	for i, w := range ways {
		if i > 0 && w.App != app {
			return app, false
		}
		app = w.App
	}
	return app, len(ways) > 0
}

// split cuts a URL into origin and path; a path has no origin.
func split(text string) (origin, path string) {
	if scheme, rest, ok := strings.Cut(text, "://"); ok {
		host, path, _ := strings.Cut(rest, "/")
		return scheme + "://" + host, "/" + path
	}
	return "", "/" + strings.TrimPrefix(text, "/")
}
