package nginx

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var wrongDirectory = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-wrong-directory", Part: diag.PartHandoff, Severity: diag.Error,
		Title:  "The internal location names another folder than the storage",
		Text:   "The handoff is mapped to a folder, and the files are in another one.",
		Fix:    "Name the storage's folder in root or alias.",
		Before: "location /protected/ { internal; alias /srv/old-media/; }   # the files are in /srv/media",
		After:  "location /protected/ { internal; alias /srv/media/; }",
		Source: "nginx documentation, ngx_http_core_module, root, alias",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"handoff-not-found", "handoff-wrong-content", "proxy-redirects"},
	Judge:    judge(judgeWrongDirectory),
}

func judgeWrongDirectory(s *site) *diag.Finding {
	h := s.handoff
	if !s.notFound() || h == nil || h.FileBy == nil || s.file.Path == "" || s.opens(h) {
		return nil
	}
	if h.File == "" && len(h.Tried) == 0 {
		return nil
	}
	if intended(h.Server, s.handedURI()) == nil && !isInternal(h.Location) {
		return nil // nobody's location: see nginx-no-internal-location
	}
	for _, other := range []func(*site) *diag.Finding{judgeRootForAlias, judgeAliasSlash, judgeRegexAliasNoCapture, judgePlaceholderCapture,
		judgeRegexShadowsInternal, judgeServerRewrite, judgeNoRoot} {
		if other(s) != nil {
			return nil // the folder is right, what is made of it is not
		}
	}
	wrong, events := h.File, []event(nil)
	if len(h.Tried) > 0 {
		wrong = h.Tried[0]
	}
	if path, log := s.opened(); len(log) > 0 {
		wrong, events = path, log
	}
	if wrong == "" || s.same(wrong, s.wanted()) {
		return nil
	}
	f := found(h.FileBy, "%s", s.mapped(wrong))
	f.Fix = fmt.Sprintf("Let %s name the folder that the files are in: %s", h.FileBy.Name, s.storage())
	return s.with(f, h, events...)
}

// handedURI is the internal URI as the handoff gives it, decoded.
func (s *site) handedURI() string {
	for _, step := range s.handoff.Steps {
		if step.Kind == StepHandoff {
			return step.URI
		}
	}
	return s.handoff.URI
}
