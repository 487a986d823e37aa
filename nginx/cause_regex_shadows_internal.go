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
				if f := s.shadow(h, s.takenElsewhere(h, l, uri)); f != nil && !told[h.Location] {
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
		if f := s.shadow(s.Download, !s.ToBackend(s.Download)); f != nil {
			return f
		}
		return s.shadow(s.Handoff, s.Handoff != nil && s.Handoff.Outcome != route.Ignored && !s.opens(s.Handoff))
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
		t := s.follow(x)
		if f := s.shadow(t, !s.ToBackend(t)); f != nil {
			return f
		}
		if t.Outcome != route.Proxied {
			t = s.Download // the application may hand such a file off by another URL
		}
		h := s.router.Handoff(t, route.Handoff{Value: b.Header.Get(header), Status: b.Status})
		if f := s.shadow(h, h.Outcome == route.File && file.Path != "" && !s.Same(h.File, file.Path)); f != nil {
			return f
		}
	}
	return nil
}

// shadow is the finding where a route that goes wrong was taken by a regular
// expression from a location that is meant for it.
func (s *site) shadow(t *Route, wrong bool) *diag.Finding {
	if !wrong || t == nil || t.Location == nil {
		return nil
	}
	meant := cause.First(intended(t.Server, t.URI), s.later(t))
	if !isRegex(t.Location) || meant == nil || isInternal(t.Location) || inside(t.Location, meant) {
		return nil
	}
	f := s.Found(t.Location, "%s takes %s away from %s at line %d.", t.Location, t.URI, meant, meant.Pos.Line)
	if kind, name := LocationName(meant); kind == LocationPrefix || kind == LocationExact {
		f.Fix = fmt.Sprintf("Write `location ^~ %s` at line %d: regular expressions are then not looked at.", name, meant.Pos.Line)
	} else {
		f.Fix = fmt.Sprintf("Move the location of line %d above this one: the first regular expression that fits is taken.", meant.Pos.Line)
	}
	f.Evidence = append(f.Evidence, s.Quote("the location that is meant", meant))
	return s.With(f, t)
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
