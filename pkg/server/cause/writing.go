package cause

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// Writing writes a directive as it stands in its file, without what is in its
// block: "root /srv;", "<Location /a>".
type Writing func(*conf.Directive) string

// Place is where a directive stands, nil for one that stands nowhere.
func (w Writing) Place(d *conf.Directive) *diag.Location {
	if d == nil || d.Pos.Line == 0 {
		return nil
	}
	return &diag.Location{File: d.Pos.File, Line: d.Pos.Line, Column: d.Pos.Column, Text: w(d)}
}

// Quote shows directives as evidence.
func (w Writing) Quote(text string, directives ...*conf.Directive) diag.Evidence {
	e := diag.Evidence{Kind: diag.EvidenceConfig, Text: text}
	for _, d := range directives {
		if l := w.Place(d); l != nil {
			e.Lines = append(e.Lines, *l)
		}
	}
	return e
}

// Found is a cause at a directive, nil for one that stands nowhere.
func (w Writing) Found(at *conf.Directive, format string, args ...any) *diag.Finding {
	f := &diag.Finding{Detail: fmt.Sprintf(format, args...), Location: w.Place(at), Certainty: Configured}
	if at != nil {
		f.Evidence = append(f.Evidence, w.Quote("the directive", at))
		if at.Via != nil {
			f.Evidence = append(f.Evidence, w.Quote("what brings it in", at.Via))
		}
	}
	return f
}
