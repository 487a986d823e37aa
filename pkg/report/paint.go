package report

import (
	"io"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// Paint gives words the looks that they have in the text format. Without
// colours it leaves them as they are.
type Paint struct{ page *page }

// Paint is for texts of the options.
func (o Options) Paint() Paint { return Paint{newPage(io.Discard, o)} }

// Strong is for what the eye is to find first.
func (p Paint) Strong(text string) string { return p.page.bold.Render(text) }

// Faint is for what frames the rest.
func (p Paint) Faint(text string) string { return p.page.faint.Render(text) }

// Severity is for what a severity is told of.
func (p Paint) Severity(s diag.Severity, text string) string {
	return p.page.severity(s).Render(text)
}
