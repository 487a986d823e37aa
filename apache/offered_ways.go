package apache

import (
	"maps"
	"path"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// probeName is a file that is asked for where none is known.
const probeName = "proxydiag-probe"

// findWays finds the ways in of a virtual host.
func (v *survey) findWays() {
	type found struct {
		by             diag.Location
		never, refused *conf.Directive
		live           bool
	}
	for _, p := range v.ports {
		var seen []found
		for _, base := range v.bases() {
			w, ok := v.wayAt(p, base)
			key := found{w.Location, w.never, w.refused, w.live}
			if ok && !slices.Contains(seen, key) {
				seen = append(seen, key)
				v.ways = append(v.ways, w)
			}
		}
	}
	for _, in := range v.insides() {
		for _, p := range v.ports {
			if w, ok := v.insideWay(p, in); ok {
				v.ways = append(v.ways, w)
			}
		}
	}
	on := slices.ContainsFunc(v.ways, func(w entry) bool { return w.on && w.inside == nil })
	if len(v.outs) == 0 && on && !v.definable() {
		if d := v.switchedOn(); d != nil {
			v.addOut(server.WayOut{Name: written(d) + ", no XSendFilePath", Storage: madeUpFolder, Location: *cause.Writing(written).Place(d)})
		}
	}
	for _, w := range v.ways {
		if len(v.outs) == 0 && w.inside != nil && w.on {
			v.addOut(server.WayOut{
				Name: "the folder of the script", Storage: path.Dir(w.inside.file), Location: w.Location,
				Untried: "without XSendFilePath only the folder of the script that hands over is allowed, and the stand-in is no script",
			})
		}
	}
}

// switchedOn is what switches XSendFile on for a way in of the virtual host.
func (v *survey) switchedOn() *conf.Directive {
	for _, p := range v.ports {
		for _, base := range v.bases() {
			if t := v.r.at(p, diag.URL(base).For(probeName)); t.Outcome == route.Proxied {
				if d, on := t.XSendFile(); on {
					return d
				}
			}
		}
	}
	return nil
}

// definable says that what switches XSendFile on, or a folder, is left out for
// want of a name that may be given on the command line.
func (v *survey) definable() bool {
	return slices.ContainsFunc(v.r.conf.Guards, func(g *Guard) bool {
		found := false
		g.Directive.Walk(func(d *conf.Directive) bool {
			found = found || d.Name == "XSendFilePath" || d.Name == "XSendFile"
			return !found
		})
		return !g.Open && g.Directive.Name == "IfDefine" && found
	})
}

// wayAt is the way in at a URL under which downloads may be.
func (v *survey) wayAt(p server.Port, base string) (entry, bool) {
	t := v.r.at(p, strings.TrimPrefix(diag.URL(p.Origin+base).For(probeName), p.Origin))
	w := entry{WayIn: server.WayIn{Port: p, URL: diag.URL(p.Origin + base), Name: nameOf(p, base)}}
	if t.Server != v.h.dir {
		return w, false
	}
	switch u := t.Upstream; {
	case t.Outcome == route.Proxied && u.Pass != nil:
		w.App = server.App{Protocol: protocolOf(u.Protocol), Address: u.Host}
		if len(u.Peers) > 0 {
			w.App.Address = u.Peers[0].Addr
		}
		w.Location = *cause.Writing(written).Place(u.Pass)
		if path := server.CutName(u.URI, probeName); path != "" && w.App.Protocol == "http" {
			w.Path = path
		}
	case t.Outcome == route.Refused && strings.HasPrefix(t.state.filename, "proxy:"):
		last := t.Steps[len(t.Steps)-1] // what refuses us
		_, app, _, ok := splitTarget(strings.TrimPrefix(t.state.filename, "proxy:"))
		if !ok || t.state.pass == nil || last.Kind != route.StepAccess || last.Directive == nil {
			return w, false
		}
		w.App, w.Location = app, *cause.Writing(written).Place(t.state.pass)
		w.refused = last.Directive
	case t.Outcome == route.Failed && len(t.Htaccess) > 0: // by what a .htaccess file holds
		d := t.Steps[len(t.Steps)-1].Directive
		if d == nil {
			return w, false
		}
		w.App, w.Location, w.refused, w.failed = insideApp(byOther), *cause.Writing(written).Place(d), d, true
		return w, true
	case t.Outcome == route.Undecided: // but what decides asks an application
		d, target, ok := v.asked(t.Deciding(route.StepUnknown))
		if !ok {
			return w, false
		}
		_, app, rest, _ := splitTarget(target)
		if w.App = app; d.Name == "ProxyPassMatch" && !strings.Contains(target, "$") {
			w.Path = rest + base // what is asked for is put behind it
		}
		w.Location = *cause.Writing(written).Place(d)
	default:
		return w, false
	}
	for _, p := range t.Provided {
		if slices.Contains(requirements, name(p.Directive)) || slices.Contains([]string{"AuthType", "Order", "Allow", "Deny", "Satisfy"}, name(p.Directive)) {
			w.refused = p.Directive // it may
		}
	}
	by, on := t.XSendFile()
	w.on, w.off = on, by != nil && !on
	w.live = v.hands(t)
	w.never = v.r.never(t)
	return w, true
}

// asked is the target of the mapping that is not decided, or of the last one of
// the virtual host where that excludes something.
func (v *survey) asked(d *conf.Directive) (by *conf.Directive, target string, ok bool) {
	if d == nil {
		return nil, "", false
	}
	if _, target, ok = targetOf(d); ok || d.Name != "ProxyPass" && d.Name != "ProxyPassMatch" {
		return d, target, ok
	}
	for _, other := range (&state{r: v.r, srv: v.h}).server("ProxyPass", "ProxyPassMatch") {
		if _, t, is := targetOf(other); is {
			by, target, ok = other, t, true
		}
	}
	return by, target, ok
}

// hands says that a handoff from one of the folders would be acted on.
func (v *survey) hands(t *Route) bool {
	if t.Outcome == route.Undecided {
		_, on := t.XSendFile()
		return on
	}
	for _, out := range v.outs {
		if h := v.r.Handoff(t, route.Handoff{Value: path.Join(out.Storage, probeName)}); h.Outcome == route.File || h.Outcome == route.Undecided || h.FileBy != nil {
			return true
		}
	}
	return false
}

// nameOf names a way in: host, port and path.
func nameOf(p server.Port, base string) string {
	_, host, _ := strings.Cut(p.Origin, "://")
	return host + " " + base
}

// bases are URLs, without the origin, under which downloads may be: what is
// proxied, and what has a section of its own.
func (v *survey) bases() []string {
	var list []string
	add := func(text string, regex bool) {
		if regex {
			tree, err := syntax.Parse(text, syntax.Perl)
			if err != nil {
				return
			}
			text = sample(tree)
		}
		switch {
		case !path.IsAbs(text) || strings.ContainsAny(text, "$*?"):
			return
		case strings.HasSuffix(text, ".php"):
			text += "?file={name}"
		default:
			text = strings.TrimSuffix(text, "/") + "/"
		}
		if !slices.Contains(list, text) {
			list = append(list, text)
		}
	}
	s := &state{r: v.r, srv: v.h}
	for _, b := range s.servers() {
		for _, d := range b.Block {
			switch d.Name {
			case "ProxyPass", "ProxyPassMatch":
				if m, ok := newMapping(d); ok && m.target != "!" {
					add(m.path, m.regex)
				}
			case "Location", "LocationMatch":
				add(isRegex(d))
			case "RewriteRule":
				if has(flagsOf(d.Arg(2)), "P") {
					add(d.Arg(0), true)
				}
			case "Directory":
				v.folderRules(d.Arg(0), d, add)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(v.r.conf.Access)) {
		if a := v.r.conf.Access[name]; a != nil {
			v.folderRules(path.Dir(name), a.Block, add)
		}
	}
	return append(list, "/", "/index.php?file={name}")
}

// folderRules adds the URLs that the rules of a folder hand to applications: what
// a rule matches is what is behind the folder's own URL.
func (v *survey) folderRules(folder string, block *conf.Directive, add func(string, bool)) {
	s := &state{r: v.r, srv: v.h}
	root := v.r.opts.DocumentRoot
	if d := s.serverLast("DocumentRoot"); d != nil {
		root = absolute(v.r.conf.ServerRoot, d.Arg(0))
	}
	base, ok := below(path.Clean(folder), path.Clean(root))
	if !ok {
		return
	}
	for _, d := range block.All("RewriteRule") {
		if has(flagsOf(d.Arg(2)), "P") {
			add("^"+regexp.QuoteMeta(strings.TrimSuffix(base, "/")+"/")+strings.TrimPrefix(d.Arg(0), "^"), true)
		}
	}
}

// sample is a short text that a pattern matches.
func sample(tree *syntax.Regexp) string {
	switch tree.Op {
	case syntax.OpLiteral:
		return string(tree.Rune)
	case syntax.OpCharClass:
		for _, c := range "x1-_" {
			for pair := range slices.Chunk(tree.Rune, 2) {
				if pair[0] <= c && c <= pair[1] {
					return string(c)
				}
			}
		}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return "x"
	case syntax.OpCapture, syntax.OpPlus, syntax.OpAlternate:
		return sample(tree.Sub[0])
	case syntax.OpRepeat:
		return strings.Repeat(sample(tree.Sub[0]), tree.Min)
	case syntax.OpConcat:
		var b strings.Builder
		for _, sub := range tree.Sub {
			b.WriteString(sample(sub))
		}
		return b.String()
	}
	return "" // what may be absent, and what has no length
}

// sort says which ways in are not tried: those where XSendFile is not in force
// while it is for others, and all where it may be for what Apache runs by itself
// and what is not seen.
func (v *survey) sort(elsewhere bool) {
	live := slices.ContainsFunc(v.ways, func(w entry) bool { return w.live && w.inside == nil && w.refused == nil })
	liveInside := slices.ContainsFunc(v.ways, func(w entry) bool { return w.live && w.inside != nil })
	local := v.runsUnseen()
	v.ways = slices.DeleteFunc(v.ways, func(w entry) bool {
		return w.inside != nil && !w.inside.alias && (live || !w.live && slices.ContainsFunc(v.ways, func(x entry) bool { return x.inside == nil || x.inside.alias }))
	})
	for i := range v.ways {
		w := &v.ways[i]
		switch {
		case w.refused != nil && (!w.failed && !refusesAll(w.refused) || elsewhere || liveInside):
			w.Untried = "what is tried from here would be refused, or may be: " + written(w.refused)
		case w.live || w.Untried != "" || w.refused != nil:
		case live || liveInside:
			w.Untried = "XSendFile is not in force here, but is elsewhere in this virtual host"
		case elsewhere && !v.own:
			w.Untried = "XSendFile is not in force here, but is in another virtual host"
		case !w.off && v.definable():
			w.Untried = "XSendFile stands in a section for a name that is not defined here: the command line may do so"
		case !w.off && local, w.inside != nil && !w.off:
			w.Untried = "nothing that was read switches XSendFile on here; what Apache runs by itself may do so"
		}
	}
}

// runsUnseen says that Apache may run applications itself that the configuration
// does not show: a fragment's virtual host that serves a folder.
func (v *survey) runsUnseen() bool {
	if !v.r.conf.mayRunScripts() {
		return false
	}
	for _, p := range v.ports {
		t := v.r.at(p, "/index.php")
		s := &state{r: v.r, srv: v.h}
		if t.Outcome != route.Proxied && (s.serverLast("DocumentRoot") != nil || len(s.server("Alias", "ScriptAlias")) > 0) {
			return true
		}
	}
	return false
}

// refusesAll says that a directive refuses every client.
func refusesAll(d *conf.Directive) bool {
	text := strings.ToLower(strings.Join(d.Texts(0), " "))
	return text == "all denied" || text == "from all"
}
