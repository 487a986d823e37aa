package nginx

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var noRoot = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-no-root", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "The internal location names no folder",
		Text: "The location has neither root nor alias: nginx looks in the folder of the root around it, or, where " +
			"there is none, in the one that it was compiled with.",
		Fix:    "Add `alias` with the storage's folder to the internal location.",
		Before: "location /protected/ { internal; }",
		After:  "location /protected/ { internal; alias /srv/media/; }",
		Source: "nginx documentation, ngx_http_core_module, root",
	},
	Check:    "end-to-end",
	Anyway:   true,
	Blocks:   true,
	Symptoms: unmapped,
	Judge:    judge(judgeNoRoot),
}

func judgeNoRoot(s *site) *diag.Finding {
	h := s.Handoff
	if !s.notFound() || h == nil || h.Location == nil || h.File == "" && len(h.Tried) == 0 || s.opens(h) || !h.meant() || pathOfItsOwn(h.Location) != nil || judgeRootForAlias(s) != nil {
		return nil
	}
	wrong, events := s.opened()
	f := s.Found(h.Location, "%s has neither root nor alias: nginx looks for %s in the folder that it was compiled with (%s).", h.Location, h.URI, wrong)
	if h.FileBy != nil {
		if outer := h.FileBy.Parent; outer.Name == "location" || outer.Name == "if" {
			return nil
		}
		f.Detail = fmt.Sprintf("%s has neither root nor alias, and takes over %s from line %d. %s", h.Location, h.FileBy, h.FileBy.Pos.Line, s.mapped(wrong))
		f.Evidence = append(f.Evidence, s.Quote("what is taken over", h.FileBy))
	}
	f.Fix = fmt.Sprintf("Add `alias %s/;` to this location.", s.storage())
	return s.With(f, h, events...)
}
