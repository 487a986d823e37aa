package apache

import (
	"regexp"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// unknownProvider is what Apache says of who may come in or how they say who
// they are, where a module for that is missing.
var unknownProvider = regexp.MustCompile(`^Unknown (Auth[nz]) provider: (\S+)`)

// mend deals with what Apache refuses for a reason that has to do with this
// machine, so that it can be started again. It is false where it cannot.
func (w *copying) mend(err error, text *printed) bool {
	message, by := w.said(err, text)
	if by == nil || w.left[by.Pos] {
		return false
	}
	if m := unknownProvider.FindStringSubmatch(message); m != nil && (len(w.modules.left) > 0 || !w.modules.main) {
		return w.leave(by, "this Apache has no module for "+m[2]+": "+by.Name+" is left out")
	}
	return false
}

// leave leaves a directive out of the copy. What admits some clients admits
// nobody instead.
func (w *copying) leave(d *conf.Directive, why string) bool {
	w.left[d.Pos] = true
	w.change(d, "%s", why)
	return true
}

// unsupported are the directives that take the place of what is left out.
func (w *copying) instead(d *conf.Directive) []*conf.Directive {
	if strings.EqualFold(d.Name, "Require") {
		return []*conf.Directive{with(d, "all", "denied")}
	}
	return nil
}
