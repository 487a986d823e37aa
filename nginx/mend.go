package nginx

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// noModule is what is said of a directive that this nginx does not know.
const noModule = "this nginx has no module for %s: it is left out"

// What nginx says where it lacks something.
var (
	unknownDirective = regexp.MustCompile(`^unknown directive "(.*)"$`)
	unknownVariable  = regexp.MustCompile(`^unknown "(\w+)" variable$`)
	noSuchFile       = regexp.MustCompile(`(?:failed \(2: No such file or directory|No such file or directory:fopen|\(13: Permission denied)`)
)

// fillIn says what to do about placeholders.
const fillIn = "if it is the placeholder of a template, fill that in first, with envsubst for instance"

// mend deals with what nginx refuses for a reason that has to do with this
// machine, so that it can be started again. It is false where it cannot.
func (w *rewriting) mend(err error, text *printed) bool {
	message, by := said(err, text)
	if m := unknownVariable.FindStringSubmatch(message); m != nil {
		return w.define(m[1])
	}
	if by == nil || w.left[by.Pos] {
		return false
	}
	if m := unknownDirective.FindStringSubmatch(message); m != nil && ofModule(m[1]) {
		w.unknown[m[1]] = true
		return true
	}
	if noSuchFile.MatchString(message) && by.Name != "server" && by.Name != "http" {
		return w.leave(by, "a file that it names is not here: it is left out")
	}
	return false
}

// leave leaves a directive out of the copy.
func (w *rewriting) leave(d *conf.Directive, why string) bool {
	w.left[d.Pos] = true
	w.change(d, "%s", why)
	return true
}

// moduleVariables are what the variables of modules begin with that a build of
// nginx may lack.
var moduleVariables = []string{"geoip", "brotli", "zstd", "modsecurity", "spdy", "http3", "quic", "ssl_", "echo_", "ngx_", "passenger", "date_", "jwt_", "session_", "upload_", "cookie_", "set_"}

// define defines a variable that another file defines, or a module that is not
// here: it is empty. Where nobody else could define it nginx's refusal stands.
func (w *rewriting) define(name string) bool {
	if w.empty[name] || w.isPlaceholder(name) {
		return false
	}
	known := w.conf.Fragment || w.o.AllowMissing || len(w.unknown) > 0 || len(w.changes) > 0 && w.isCodes(name)
	for _, family := range moduleVariables {
		known = known || strings.HasPrefix(name, family)
	}
	if !known {
		return false
	}
	w.empty[name] = true
	if d := w.uses("$" + name); d != nil {
		w.change(d, "$%s is not defined here: it is empty", name)
	}
	return true
}

// isPlaceholder says that a variable, whose name nginx tells in lower case, is
// written in capitals: as those of templates are, and none of nginx's.
func (w *rewriting) isPlaceholder(name string) bool {
	return strings.ToUpper(name) != name && w.uses("$"+name) == nil && w.uses("$"+strings.ToUpper(name)) != nil
}

// isCodes says that a directive of code, which is left out, defines a variable.
func (w *rewriting) isCodes(name string) bool {
	found := false
	w.conf.Top.Walk(func(d *conf.Directive) bool {
		found = found || isCode(d.Name) && d.Arg(0) == "$"+name
		return !found
	})
	return found
}

// uses is the first directive with a text in its arguments, nil for none.
func (w *rewriting) uses(text string) *conf.Directive {
	var found *conf.Directive
	w.conf.HTTP.Walk(func(d *conf.Directive) bool {
		for _, a := range d.Args {
			if found == nil && (strings.Contains(a.Text, text) || strings.Contains(a.Text, "${"+text[1:]+"}")) {
				found = d
			}
		}
		return found == nil
	})
	return found
}

// variables are directives that define variables which are not defined here.
func (w *rewriting) variables() []string {
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(w.empty)) {
		lines = append(lines, "map $request_method $"+name+" {", "    default \"\";", "}")
	}
	return lines
}
