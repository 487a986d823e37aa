package nginx

import (
	"fmt"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
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
	Symptoms: unmapped,
	Judge:    judge(judgeWrongDirectory),
}

func judgeWrongDirectory(s *site) *diag.Finding {
	h := s.Handoff
	if !s.notFound() || h == nil || s.File.Path == "" || s.opens(h) {
		return nil
	}
	by := cause.First(h.FileBy, h.redirected().Deciding(route.StepUnknown)) // what names the folder, known or not
	if own := pathOfItsOwn(h.Location); own != nil && len(h.Tried) > 0 {
		by = own
	}
	wrong, events := s.opened()
	if by == nil || by.Name != "root" && by.Name != "alias" && by.Name != "try_files" || wrong == "" || s.Same(wrong, s.wanted()) {
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
	f := s.Found(by, "%s", s.mapped(wrong))
	f.Fix = fmt.Sprintf("Let %s name the folder that the files are in: %s", by.Name, s.storage())
	if by.Name == "try_files" {
		f.Fix = fmt.Sprintf("Let try_files lead to the folder that the files are in, %s. What it names is looked for below root.", s.storage())
	}
	return s.With(f, h, events...)
}

// pathOfItsOwn is the try_files of a location that names a folder before what is
// asked for, and not only the URI: /example.com/$1. nil for none.
func pathOfItsOwn(l *conf.Directive) *conf.Directive {
	d := l.First("try_files")
	if d == nil {
		return nil
	}
	for _, a := range d.Texts(0)[:max(0, len(d.Args)-1)] {
		if before, _, variable := strings.Cut(a, "$"); variable && strings.Trim(before, "/") != "" {
			return d
		}
	}
	return nil
}

// handedURI is the internal URI as the handoff gives it, decoded.
func (s *site) handedURI() string {
	for _, step := range s.Handoff.Steps {
		if step.Kind == route.StepHandoff {
			return step.URI
		}
	}
	return s.Handoff.URI
}
