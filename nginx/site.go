package nginx

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/check"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// site is what the causes know of a run: the configuration, and the way of the
// download and of its handoff, an internal redirect, through it.
type site struct {
	cause.Site[*Route]
	conf   *Config
	router *Router
	front  []*Route // of the plain GET through server blocks that hand it to another one of this configuration

	twinsKept  []twin
	twinsFound bool
	meantKept  []meant
	meantFound bool
	nothing    *Router // for a machine without files
	page       *Route  // the way of the download, or of its handoff, through the error_page that answers in its place; nil for none
	taker      *Route  // the tier that acts on the handoff; nil where there is none
}

// siteOf prepares what the causes know; nil where no configuration of nginx's
// is at hand.
func siteOf(v *diag.View) *site { return cause.Of(v, kindName, newSite) }

func newSite(v *diag.View) *site {
	parsed := cause.Parsed(v, Parse)
	if parsed.HTTP == nil {
		return nil
	}
	s := &site{Site: cause.New[*Route](v, written, parseEvent), conf: parsed}
	s.router = NewRouter(parsed, RouterOptions{Files: s.OnDisk})
	x := v.Exchange(diag.ProxyGet)
	if x == nil || s.File == nil {
		return s
	}
	s.front, s.Download = s.tiers(x)
	if s.ends(s.Download) {
		s.page = s.Download
		s.front, s.Download = s.untilPage(x)
	}
	if h, ok := s.HandedOver(header); ok {
		s.Value = h.Value
		s.takeHandoff(h)
		if folders := s.Handoff.looked(); s.Handoff.FileBy == nil && len(s.Handoff.Tried) > 0 && len(folders) > 0 {
			s.Handoff.FileBy = folders[len(folders)-1] // of what try_files looked for
		}
	}
	return s
}

// takeHandoff follows the handoff in the server block that asks the backend or,
// where that one ignores it and passes it on, in the nearest one in front that
// does not.
func (s *site) takeHandoff(h route.Handoff) {
	from := s.Download
	s.Handoff = s.router.Handoff(from, h)
	for n := len(s.front) - 1; n >= 0 && s.Handoff.Outcome == route.Ignored && from.passesOn(header); n-- {
		from = s.front[n]
		if taken := s.router.Handoff(from, h); taken.Outcome != route.Ignored {
			s.Handoff, s.front = taken, s.front[:n]
			break
		}
	}
	if s.Handoff.redirected().Deciding(StepErrorPage) != nil && !s.opens(s.Handoff) {
		s.page = s.Handoff // what leads there is the cause, and not what the page makes of it
		s.Handoff = s.router.unpagedHandoff(from, h)
	}
	s.Handoff.Tried = s.Handoff.Tried[len(from.Tried):]
	s.taker = from
}

// passesOn says that a field that is hidden unless it is named reaches the
// client of a route.
func (t *Route) passesOn(name string) bool {
	for _, d := range t.Effective("proxy_pass_header", "fastcgi_pass_header", "uwsgi_pass_header", "scgi_pass_header") {
		if strings.EqualFold(d.Arg(0), name) {
			return true
		}
	}
	return false
}

// looked are the directives that name the folders in which files were looked
// for: where try_files stands, which may lead elsewhere, or where the route ends.
func (t *Route) looked() []*conf.Directive {
	for _, step := range t.redirected().Steps {
		if step.Kind == StepTryFiles && step.Directive != nil && step.Directive.Parent != nil {
			if folders := Effective(step.Directive.Parent, "root", "alias"); len(folders) > 0 {
				return folders
			}
		}
	}
	return t.Effective("root", "alias")
}

const header = "X-Accel-Redirect"

// notFound says that the client sees what becomes of a file that is not there.
func (s *site) notFound() bool {
	switch check.Symptom(s.View) {
	case "handoff-not-found", "handoff-echoed", "handoff-loop", "handoff-wrong-content", "handoff-forbidden":
		return s.Lost()
	case "":
		return s.Lost() && s.Status() >= 300
	}
	return false
}

// opens says that a route opens the stored file.
func (s *site) opens(t *Route) bool {
	return t != nil && t.Outcome == route.File && s.File.Path != "" && s.Same(t.File, s.File.Path)
}

// redirected is a route from the internal redirect on.
func (t *Route) redirected() *Route {
	own := *t
	for i, step := range t.Steps {
		if step.Kind == route.StepHandoff {
			own.Steps = t.Steps[i:]
		}
	}
	own.Provided = nil
	for _, step := range own.Steps {
		if step.Kind == route.StepProvided {
			own.Provided = append(own.Provided, step)
		}
	}
	return &own
}

// isInternal says that a location answers internal redirects only.
func isInternal(location *conf.Directive) bool {
	return location != nil && len(Effective(location, "internal")) > 0
}

// written is a directive as it stands in the file.
func written(d *conf.Directive) string {
	if d.IsBlock {
		return d.String() + " {"
	}
	return d.String() + ";"
}

// locations are all locations of a server, nested ones too, in their order.
func locations(block *conf.Directive) []*conf.Directive {
	var list []*conf.Directive
	block.Walk(func(d *conf.Directive) bool {
		if d.Name == "location" {
			list = append(list, d)
		}
		return true
	})
	return list
}

// meant says that a location takes the route that is there for its URI, or one
// nested in it, or one that is internal itself.
func (t *Route) meant() bool {
	meant := intended(t.Server, t.URI)
	return meant != nil && inside(t.Location, meant) || isInternal(t.Location)
}

// later is the internal location with a regular expression that fits the URI of
// a route, and that another one stands before.
func (s *site) later(t *Route) *conf.Directive {
	for _, l := range locations(t.Server) {
		kind, pattern := LocationName(l)
		if (kind == LocationRegex || kind == LocationNoCase) && isInternal(l) && l != t.Location {
			if _, fits, _ := s.router.pattern(pattern, kind == LocationNoCase).Match(t.URI); fits {
				return l
			}
		}
	}
	return nil
}

// intended is the location that is meant for a URI: the one with the longest
// literal prefix of it, and more than the root.
func intended(block *conf.Directive, uri string) *conf.Directive {
	var best *conf.Directive
	longest := 1
	for _, l := range locations(block) {
		kind, name := LocationName(l)
		plain := (kind == LocationPrefix || kind == LocationNoRegex) && strings.HasPrefix(uri, name)
		if (plain || kind == LocationExact && uri == name) && len(name) > longest {
			best, longest = l, len(name)
		}
	}
	return best
}
