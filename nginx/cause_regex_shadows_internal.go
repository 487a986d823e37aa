package nginx

import (
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/check"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var regexShadowsInternal = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-regex-shadows-internal", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "A regular-expression location takes the URI away",
		Text: "A location with a regular expression, often for the extensions of static files, wins over a " +
			"plain prefix location. It takes the internal URI, or the download URL itself, before the " +
			"location that is meant.",
		Fix: "Write ^~ before the prefix of the location that is meant: regular expressions are then not " +
			"looked at.",
		Before: `location ^~ /dl/ { proxy_pass http://127.0.0.1:8000; }
location /protected/ { internal; alias /srv/media/; }
location ~* \.(jpg|pdf)$ { root /var/www/html; }`,
		After: `location ^~ /dl/ { proxy_pass http://127.0.0.1:8000; }
location ^~ /protected/ { internal; alias /srv/media/; }
location ~* \.(jpg|pdf)$ { root /var/www/html; }`,
		Source: "nginx documentation, ngx_http_core_module, location",
	},
	Check:    "end-to-end",
	Anyway:   true,
	Blocks:   true,
	Symptoms: []string{"handoff-not-found", "handoff-echoed", "handoff-loop", "handoff-wrong-content", "handoff-forbidden", "proxy-not-routed"},
	Static:   true,
	Partly:   true,
	Judge:    alone(judge(judgeRegexShadowsInternal), lintRegexShadowsInternal),
}

// lintRegexShadowsInternal hands files of several types off to each location
// that is there for handoffs, and looks at who opens them.
func lintRegexShadowsInternal(s *site) []diag.Finding {
	var list []diag.Finding
	for _, v := range s.router.servers {
		if !slices.ContainsFunc(locations(v.dir), isRegex) {
			continue
		}
		var from *Route
		told := map[*conf.Directive]bool{}
		for _, l := range s.forHandoffs(v) {
			probes := s.probesOf(l)
			if from == nil && probes != nil {
				asking := s.asking(v)
				if len(asking) == 0 {
					break // nothing hands off
				}
				from = asking[0]
			}
			for _, uri := range probes {
				h := s.router.Handoff(from, route.Handoff{Value: diag.EscapePath(uri)})
				if !s.takenElsewhere(h, l, uri) || told[h.Location] {
					continue
				}
				if f := s.shadow(h, s.meantFor(h), false); f != nil {
					told[h.Location] = true
					list = append(list, *f)
				}
			}
		}
	}
	return list
}

// probesOf are URIs of a location for probeNames.
func (s *site) probesOf(l *conf.Directive) []string {
	kind, prefix := LocationName(l)
	var fits func(uri string) bool
	switch kind {
	case LocationPrefix:
		prefix = strings.TrimSuffix(prefix, "/") + "/"
		fits = func(string) bool { return true }
	case LocationRegex, LocationNoCase:
		p := s.router.pattern(prefix, kind == LocationNoCase)
		prefix = p.Beginning()
		fits = func(uri string) bool { _, ok, _ := p.Match(uri); return ok && prefix != "" }
	default:
		return nil // no regular expression is looked at
	}
	var list []string
	for _, name := range probeNames() {
		if uri := prefix + name; fits(uri) {
			list = append(list, uri)
		}
	}
	return list
}

// takenElsewhere says that a handoff for a location was taken by another one
// that looks for the file in another place, or asks the application again. One
// that refuses is a rule, not a mistake.
func (s *site) takenElsewhere(h *Route, l *conf.Directive, uri string) bool {
	if h.Location == nil || inside(h.Location, l) || inside(l, h.Location) {
		return false
	}
	if h.Outcome == route.Proxied {
		return true
	}
	folder, ok := s.folderOf(l)
	if !ok || !h.opensSomething() {
		return false
	}
	meant := path.Join(folder, path.Base(uri))
	return !s.Same(h.File, meant) && !slices.ContainsFunc(h.Tried, func(tried string) bool { return s.Same(tried, meant) })
}

func judgeRegexShadowsInternal(s *site) *diag.Finding {
	if !s.Stored() || s.Download == nil || check.BackendFault(s.View) != "" {
		return nil
	}
	if s.Lost() {
		if f := s.shadowOfDownload(s.Download); f != nil {
			return f
		}
		if s.Handoff == nil || s.Handoff.Outcome == route.Ignored || s.opens(s.Handoff) {
			return nil
		}
		return s.shadow(s.Handoff, s.meantFor(s.Handoff), false)
	}
	return s.shadowOfOthers()
}

// shadowOfOthers looks at the files of other types that do not come while the
// main one does. A location that refuses them is a rule, not a mistake.
func (s *site) shadowOfOthers() *diag.Finding {
	for i := range s.Record.Exchanges {
		x := &s.Record.Exchanges[i]
		file := s.Fixture(x.Probe.Role)
		if x.Probe.Port != diag.Proxy || x.Probe.Method != http.MethodGet || x.Status < 300 || x.Status == 403 || x.Status >= 500 ||
			file == nil || file == s.File || !file.OK() {
			continue
		}
		b := s.Exchange(check.OnBackend(x.Probe.ID))
		if !b.Answered() || !b.Header.Has(header) {
			continue
		}
		t := s.asked(x)
		if !s.ToBackend(t) && t.Outcome != route.Refused && t.Outcome != route.Returned {
			if f := s.shadow(t, s.meantFor(t), true); f != nil {
				return f
			}
		}
		if t.Outcome != route.Proxied {
			t = s.Download // the application may hand such a file off by another URL
		}
		h := s.router.unpagedHandoff(t, route.Handoff{Value: b.Header.Get(header), Status: b.Status})
		if (h.Outcome == route.File || h.File != "") && file.Path != "" && !s.Same(h.File, file.Path) {
			if f := s.shadow(h, s.meantFor(h), false); f != nil {
				return f
			}
		}
	}
	return nil
}

// shadowOfDownload is the finding where a download URL does not get to the
// application because of a regular expression.
func (s *site) shadowOfDownload(t *Route) *diag.Finding {
	if s.ToBackend(t) {
		return nil
	}
	if meant := s.meantFor(t); meant != nil {
		return s.shadow(t, meant, true)
	}
	f := s.shadow(t, s.unlike(t), true)
	if f != nil {
		f.Depends = true // which URLs are downloads is for the application to say
	}
	return f
}

// shadow is the finding where a route that goes wrong was taken by a regular
// expression from the location that is meant for it.
func (s *site) shadow(t *Route, meant *conf.Directive, download bool) *diag.Finding {
	if t.Location == nil || meant == nil {
		return nil
	}
	nested := t.Location != meant && inside(t.Location, meant)
	if !isRegex(t.Location) || !nested && (isInternal(t.Location) || t.Location == meant) {
		return nil
	}
	does := s.does(meant, t, download)
	if nested && does == nil {
		return nil // the location around it leads nowhere either
	}
	f := s.Found(t.Location, "%s takes %s away from %s at line %d.", t.Location, t.URI, meant, meant.Pos.Line)
	switch kind, name := LocationName(meant); {
	case nested:
		f.Fix = fmt.Sprintf("Remove this location, or let it do what the one around it does, `%s`: ^~ does not stop a regular expression that is nested in it.", written(does))
	case kind == LocationNamed || name == "/":
		f.Fix = fmt.Sprintf("Add `location ^~ %s/` that does what the location of line %d does: regular expressions are then not looked at.",
			strings.TrimSuffix(path.Dir(t.URI), "/"), meant.Pos.Line)
	case kind == LocationPrefix || kind == LocationExact:
		f.Fix = fmt.Sprintf("Write `location ^~ %s` at line %d: regular expressions are then not looked at.", name, meant.Pos.Line)
	default:
		f.Fix = fmt.Sprintf("Move the location of line %d above this one: the first regular expression that fits is taken.", meant.Pos.Line)
	}
	f.Evidence = append(f.Evidence, s.Quote("the location that is meant", meant))
	return s.With(f, t)
}

// meantFor is the location that is meant for the URI of a route.
func (s *site) meantFor(t *Route) *conf.Directive {
	return cause.First(intended(t.Server, t.URI), s.later(t))
}

// unlike is the location for everything, or the named one that it falls back
// to, that hands a download without the ending of its name to the backend. It
// is nil where none does: also where a front controller takes the rest, or where
// the route ends at a rule, and not at files, for such sites are meant so.
func (s *site) unlike(t *Route) *conf.Directive {
	if t.File == "" && len(t.Tried) == 0 {
		return nil
	}
	q := t.state.req
	q.URI = diag.EscapePath(path.Join(path.Dir(t.URI), probeName))
	if plain := s.withoutFiles().Route(q); plain.Server == t.Server && plain.Location != nil && s.ToBackend(plain) {
		if kind, name := LocationName(plain.Location); kind == LocationNamed || kind == LocationPrefix && name == "/" {
			return plain.Location
		}
	}
	return nil
}

// does is the directive by which a location hands a download to an upstream, or
// leads a handoff to the storage; nil for none.
func (s *site) does(l *conf.Directive, t *Route, download bool) *conf.Directive {
	if download {
		return handlerOf(l)
	}
	folder, ok := s.folderOf(l)
	if _, name := LocationName(l); !ok || s.File == nil || s.File.Path == "" || !s.Same(path.Join(folder, strings.TrimPrefix(t.URI, name)), path.Join(path.Dir(s.File.Path), path.Base(t.URI))) {
		return nil
	}
	return cause.First(Effective(l, "alias", "root")...)
}

// inside says that a directive is another one, or stands somewhere within it.
func inside(d, outer *conf.Directive) bool {
	for d != nil && d != outer {
		d = d.Parent
	}
	return d == outer
}

// isRegex says that a location matches by a regular expression.
func isRegex(l *conf.Directive) bool {
	kind, _ := LocationName(l)
	return kind == LocationRegex || kind == LocationNoCase
}
