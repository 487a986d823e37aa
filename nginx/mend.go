package nginx

import (
	"regexp"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// unknownDirective is what nginx says of a directive of a module that it has not.
var unknownDirective = regexp.MustCompile(`^unknown directive "(.*)"$`)

// mend deals with what nginx refuses for a reason that has to do with this
// machine, so that it can be started again. It is false where it cannot.
func (w *rewriting) mend(err error, text *printed) bool {
	message, by := said(err, text)
	if by == nil || w.left[by.Pos] {
		return false
	}
	if m := unknownDirective.FindStringSubmatch(message); m != nil && ofModule(m[1]) {
		return w.leave(by, "this nginx has no module for "+m[1]+": it is left out")
	}
	return false
}

// leave leaves a directive out of the copy.
func (w *rewriting) leave(d *conf.Directive, why string) bool {
	w.left[d.Pos] = true
	w.change(d, "%s", why)
	return true
}

// ofModule says that a directive is one of a module that builds of nginx may
// lack: not a misspelt one.
func ofModule(name string) bool { return false }
