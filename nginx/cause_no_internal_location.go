package nginx

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var noInternalLocation = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-no-internal-location", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "No location takes the internal URI",
		Text: "The backend hands off to a prefix for which there is no location, in this server block: it is " +
			"missing, stands in another server block, or is spelled otherwise. The URI falls to the location " +
			"of everything else.",
		Fix: "Add an internal location for the prefix, mapped to the storage, to the server block that takes " +
			"the download.",
		Before: `# X-Accel-Redirect: /protected/a.bin
location /private/ { internal; alias /srv/media/; }`,
		After:  "location /protected/ { internal; alias /srv/media/; }",
		Source: "nginx documentation, ngx_http_core_module, internal",
	},
	Check:    "end-to-end",
	Anyway:   true,
	Blocks:   true,
	Symptoms: []string{"handoff-not-found", "handoff-echoed", "handoff-loop", "handoff-wrong-content", "handoff-forbidden", "handoff-ignored"},
	Static:   true,
	Partly:   true,
	Judge:    alone(judge(judgeNoInternalLocation), lintNoInternalLocation),
}

// lintNoInternalLocation looks for a location for the prefix that is stated, in
// any server block that asks an application.
func lintNoInternalLocation(s *site) []diag.Finding {
	all := s.meantHandoffs()
	for _, m := range all {
		kind, _ := LocationName(cmp.Or(m.handoff.Location, &conf.Directive{}))
		regex := (kind == LocationRegex || kind == LocationNoCase) && (isInternal(m.handoff.Location) || handoffPrefix(m.handoff.Location) != "")
		if m.handoff.Outcome == route.Ignored || regex || rewritten(m.handoff) || intended(m.server.dir, m.uri) != nil || s.later(m.handoff) != nil || m.handoff.Undecided != "" && m.handoff.Location == nil {
			return nil
		}
	}
	if len(all) == 0 {
		return nil
	}
	m := all[0]
	f := s.Found(m.server.dir, "The backend is to hand off to %s; it is taken by %s.", path.Dir(m.uri)+"/", blockName(m.handoff.Location))
	f.Fix = fmt.Sprintf("Add an internal location %s, mapped to the files, to the server block that takes the download.", path.Dir(m.uri)+"/")
	if m.by != nil {
		f.Evidence = append(f.Evidence, s.Quote("what the application is told", m.by))
	}
	return []diag.Finding{*s.With(f, m.handoff)}
}

func judgeNoInternalLocation(s *site) *diag.Finding {
	h := s.Handoff
	if !s.Lost() || h == nil || !s.ToBackend(s.Download) || h.Outcome == route.Ignored || s.opens(h) || strings.HasPrefix(s.Value, "@") || rewritten(h) || intended(h.Server, s.handedURI()) != nil || s.later(h) != nil {
		return nil
	}
	taker := h.Location // of the internal URI itself, before any fallback
	for _, step := range h.redirected().Steps {
		if step.Kind == StepLocation {
			taker = step.Directive
			break
		}
	}
	if h.Location != nil {
		if kind, _ := LocationName(h.Location); (kind == LocationRegex || kind == LocationNoCase) && isInternal(h.Location) {
			return nil
		}
	}
	if h.Undecided != "" && h.Location == nil {
		return nil
	}
	others := s.similar(h)
	at := h.Server
	if len(others) == 1 && others[0].Parent == h.Server && (s.maps(others[0]) || isExact(others[0])) {
		at = others[0] // it has all but the name
	}
	f := s.Found(at, "The backend hands off to %s; it is taken by %s.", s.handedURI(), blockName(taker))
	for _, other := range others {
		f.Detail += fmt.Sprintf(" There is %s at %s.", other, other.Pos)
		f.Evidence = append(f.Evidence, s.Quote("a location that may be meant", other))
	}
	f.Fix = fmt.Sprintf("Call this location %s, as the backend hands off.", s.prefix())
	switch {
	case at == h.Server:
		f.Fix = fmt.Sprintf("Add `location %s { internal; alias %s/; }` to this server block.", s.prefix(), s.storage())
	case isExact(at):
		f.Fix = fmt.Sprintf("Write `location %s` without the equals sign, which takes that one URI and nothing below it.", s.prefix())
	}
	return s.With(f, h)
}

// rewritten says that the URI of a handoff was changed on its way by a rewrite,
// and not only because nothing was found under it.
func rewritten(t *Route) bool {
	handed := ""
	for _, step := range t.redirected().Steps {
		switch step.Kind {
		case route.StepHandoff:
			handed = step.URI
		case StepTryFiles, StepErrorPage:
			return false
		case route.StepRewrite:
			if step.URI != handed {
				return true
			}
		}
	}
	return false
}

// storage is the folder that the files are in, as --storage names it.
func (s *site) storage() string {
	return strings.TrimSuffix(strings.TrimSuffix(s.File.Path, s.File.Name), "/")
}

// maps says that a location is mapped to the folder that the files are in.
func (s *site) maps(l *conf.Directive) bool {
	folder, ok := s.folderOf(l)
	return ok && s.Same(folder, s.storage())
}

// similar are the locations for handoffs of the server block, and those that
// have the prefix in other letters or in another server block.
func (s *site) similar(h *Route) []*conf.Directive {
	list := handoffLocations(h.Server)
	for _, block := range s.conf.HTTP.All("server") {
		for _, l := range locations(block) {
			kind, name := LocationName(l)
			prefix := kind == LocationPrefix || kind == LocationNoRegex || isExact(l) && isInternal(l)
			if prefix && len(name) > 1 && strings.HasPrefix(strings.ToLower(s.handedURI()), strings.ToLower(name)) && !slices.Contains(list, l) {
				list = append(list, l)
			}
		}
	}
	return list
}

// isExact says that a location takes a single URI.
func isExact(l *conf.Directive) bool {
	kind, _ := LocationName(l)
	return l.Name == "location" && kind == LocationExact
}
