package apache

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/proc"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// applicationModules run applications inside Apache. In a sandbox stand-ins
// answer in their place, by FastCGI, for the same files: what is in force for a
// script is in force for them.
var applicationModules = []string{
	"wsgi_module", "php_module", "php8_module", "php7_module", "php5_module", "php4_module", "passenger_module", "fcgid_module",
	"fastcgi_module", "cgi_module", "cgid_module", "perl_module", "python_module", "lsapi_module",
}

// inside is a script that Apache runs by itself.
type inside struct {
	h     *vhost
	base  string // of its URLs
	file  string
	alias bool // by WSGIScriptAlias
	by    *conf.Directive
	what  string
}

// insideApp is the application that one stands for.
func insideApp(what string) server.App { return server.App{Protocol: "fastcgi", Address: what} }

const (
	byWSGI  = "mod_wsgi"
	byOther = "a script that Apache runs"
)

// scriptName is what a script is called where the configuration does not say.
const scriptName = "index.php"

// standing is what is at a path where the files of a configuration are not
// looked at: the scripts that stand-ins answer for, and folders that it names.
func (c *Config) standing(name string) route.FileKind {
	if path.Base(name) == scriptName {
		return route.FileRegular
	}
	roots, others := served(c.Top, c.ServerRoot)
	for _, folder := range slices.Concat(roots, others) {
		if name == folder || load.HasMeta(folder) || strings.HasPrefix(folder, strings.TrimSuffix(name, "/")+"/") {
			return route.FileFolder
		}
	}
	return route.FileMissing
}

// insides are the scripts that a virtual host may run: those of WSGIScriptAlias,
// and one in its document root and in each folder and Location that switches
// XSendFile on.
func (v *survey) insides() []inside {
	var list []inside
	s := &state{r: v.r, srv: v.h}
	for _, d := range s.server("WSGIScriptAlias") {
		if base := d.Arg(0); path.IsAbs(base) && path.IsAbs(d.Arg(1)) {
			list = append(list, inside{v.h, strings.TrimSuffix(base, "/") + "/", path.Clean(d.Arg(1)), true, d, byWSGI})
		}
	}
	if !v.r.conf.mayRunScripts() {
		return list
	}
	root, by := v.r.opts.DocumentRoot, s.serverLast("DocumentRoot")
	if by != nil {
		root = path.Clean(absolute(v.r.conf.ServerRoot, by.Arg(0)))
	}
	script := func(base, folder string, d *conf.Directive) {
		base = strings.TrimSuffix(base, "/") + "/" + scriptName + "?file={name}"
		known := slices.ContainsFunc(list, func(in inside) bool { return in.base == base })
		if path.IsAbs(folder) && !strings.Contains(folder, "${") && !known {
			list = append(list, inside{v.h, base, path.Join(folder, scriptName), false, d, byOther})
		}
	}
	script("/", root, by)
	for _, b := range s.servers() {
		for _, d := range b.All("Directory", "Location") {
			name, regex := isRegex(d)
			if last := lastOf(d.All("XSendFile")); regex || load.HasMeta(name) || last == nil || !strings.EqualFold(last.Arg(0), "on") {
				continue
			}
			if d.Name == "Location" {
				script(name, path.Join(root, name), d)
				continue
			}
			folder := path.Clean(name)
			if rest, ok := below(folder, root); ok {
				script(rest, folder, d)
			}
			for _, a := range s.server("Alias") {
				if rest, ok := below(folder, path.Clean(a.Arg(1))); ok {
					script(path.Join(a.Arg(0), rest), folder, d)
				}
				if _, ok := below(path.Clean(a.Arg(1)), folder); ok {
					script(a.Arg(0), path.Clean(a.Arg(1)), d)
				}
			}
		}
	}
	return list
}

// mayRunScripts says that Apache may run applications by itself: a module for
// that is loaded, or which ones are is not known.
func (c *Config) mayRunScripts() bool {
	if c.Fragment || !c.ModulesKnown || !c.Dump && c.Top.First("LoadModule") == nil {
		return true
	}
	return slices.ContainsFunc(applicationModules, func(id string) bool { _, ok := c.Modules[id]; return ok })
}

// below is what a folder is called within another one.
func below(folder, root string) (string, bool) {
	if folder == root {
		return "/", true
	}
	rest, ok := strings.CutPrefix(folder, strings.TrimSuffix(root, "/")+"/")
	return "/" + rest, ok
}

// insideWay is the way in to a script.
func (v *survey) insideWay(p server.Port, in inside) (entry, bool) {
	w := entry{inside: &in, WayIn: server.WayIn{Port: p, URL: diag.URL(p.Origin + in.base), Name: nameOf(p, in.base), App: insideApp(in.what)}}
	at := in.by
	if at == nil {
		at = v.switchedOnAt()
	}
	if at != nil {
		w.Location = *cause.Writing(written).Place(at)
	}
	t := v.r.at(p, strings.TrimPrefix(diag.URL(p.Origin+in.base).For(probeName), p.Origin))
	switch {
	case t.Server != v.h.dir || t.Outcome == route.Proxied:
		return w, false
	case in.alias && (t.Outcome != route.Undecided || t.Deciding(route.StepUnknown) != in.by):
		return w, false
	case in.alias:
		t = v.r.fileIn(v.h, in.base, in.file)
	case t.Outcome != route.File && t.Outcome != route.Undecided, t.Deciding(route.StepUnknown) != nil && t.Deciding(route.StepUnknown).Name == "WSGIScriptAlias":
		return w, false
	case t.Outcome == route.File && t.File != in.file:
		return w, false
	}
	by, on := t.XSendFile()
	w.on, w.off = on, by != nil && !on
	w.live = on
	return w, true
}

// switchedOnAt is an XSendFile of the virtual host or the main server.
func (v *survey) switchedOnAt() *conf.Directive {
	s := &state{r: v.r, srv: v.h}
	return s.serverLast("XSendFile")
}

// fileIn is the way of a request that is known to lead to a file of a virtual
// host: the sections in force there.
func (r *Router) fileIn(h *vhost, uri, file string) *Route {
	s := newState(r, route.Request{URI: uri, Host: "localhost"})
	if s.begin(); s.uri == "" {
		return s.result()
	}
	s.srv, s.done, s.out, s.filename = h, false, Route{}, file
	s.locations = s.matchLocations()
	s.walk()
	return s.result()
}

// insides are the scripts that stand-ins answer for in a sandbox.
func insides(r *Router) []inside {
	again := NewRouter(r.conf, RouterOptions{Files: r.conf.standing})
	var list []inside
	for _, v := range surveys(again) {
		for _, w := range v.ways {
			if w.inside != nil && (w.inside.alias || w.Untried == "") && !slices.ContainsFunc(list, func(in inside) bool {
				return in.file == w.inside.file && in.alias == w.inside.alias && in.by == w.inside.by
			}) {
				list = append(list, *w.inside)
			}
		}
	}
	return list
}

// standsInside says that stand-ins answer for scripts.
func (w *copying) standsInside() bool { return len(w.inside) > 0 }

// insideHandler is the handler that asks the stand-in for scripts.
func (w *copying) insideHandler(what string) string {
	at, err := w.o.StandIn(insideApp(what))
	if err != nil {
		w.failed = err
	}
	return "proxy:fcgi://" + at
}

// insideFiles are the sections that hand scripts to their stand-ins. They stand
// first, so that what the user says of the same files counts.
func (w *copying) insideFiles() string {
	var b strings.Builder
	for _, in := range w.inside {
		fmt.Fprintf(&b, "<Directory %q>\n<Files %q>\nSetHandler %q\n</Files>\n</Directory>\n",
			w.path(path.Dir(in.file)), path.Base(in.file), w.insideHandler(in.what))
		if err := w.write(in.file, ""); err != nil {
			w.failed = err
		}
		if in.alias {
			w.change(in.by, "the application is not run: a stand-in answers in its place")
		} else {
			w.change(in.by, "what Apache runs by itself is not run: a stand-in answers for %s", in.file)
		}
	}
	return b.String()
}

// aliases are what takes the place of the WSGIScriptAliases of a block, behind
// everything else in it: mod_alias is asked before mod_wsgi.
func (w *copying) aliases(block *conf.Directive) []*conf.Directive {
	var list []*conf.Directive
	for _, d := range block.All("WSGIScriptAlias", "WSGIScriptAliasMatch") {
		target := w.path(path.Clean(absolute(w.conf.ServerRoot, d.Arg(1))))
		switch base := strings.TrimSuffix(d.Arg(0), "/"); {
		case d.Name == "WSGIScriptAliasMatch":
			list = append(list, instead(d, "AliasMatch", d.Arg(0), w.path(d.Arg(1))))
		case base == "":
			list = append(list, instead(d, "AliasMatch", "^/(.*)", target+"/$1"))
		default:
			list = append(list, instead(d, "AliasMatch", "^"+regexp.QuoteMeta(base)+"(/.*)?$", target+"$1"))
		}
	}
	return list
}

// insideHandlers are the names of handlers of what Apache runs by itself.
var insideHandlers = regexp.MustCompile(`(?i)^(application/x-httpd-(ea-|alt-)?php.*|php\d*-(script|fcgi|fastcgi)|wsgi-script|fcgid-script|fastcgi-script|perl-script|mod_python|modperl|lsapi-handler)$`)

// application rewrites what runs applications inside Apache.
func (w *copying) application(d *conf.Directive) ([]*conf.Directive, bool) {
	switch d.Name {
	case "WSGIScriptAlias", "WSGIScriptAliasMatch":
		return nil, true // aliases
	case "SetHandler":
		if insideHandlers.MatchString(d.Arg(0)) {
			return []*conf.Directive{with(d, w.insideHandler(byOther))}, true
		}
	case "AddHandler", "AddType":
		if !insideHandlers.MatchString(d.Arg(0)) {
			return nil, false
		}
		var extensions []string
		for _, e := range d.Texts(1) {
			extensions = append(extensions, regexp.QuoteMeta(strings.TrimPrefix(e, ".")))
		}
		return []*conf.Directive{section(d, "FilesMatch", `\.(`+strings.Join(extensions, "|")+`)(\.|$)`,
			instead(d, "SetHandler", w.insideHandler(byOther)))}, true
	}
	return nil, false
}

// mirror makes the folders that the configuration names, and copies of the
// .htaccess files, among the sandbox's paths.
func (w *copying) mirror() error {
	if w.o.Root == "" {
		return nil
	}
	for _, name := range append(w.folders(), w.router.opts.DocumentRoot) {
		if err := os.MkdirAll(proc.Below(w.o.Root, filepath.Join("/", name)), 0o755); err != nil {
			return fmt.Errorf("the sandbox's folders: %w", err)
		}
	}
	for name, a := range w.conf.Access {
		if a == nil {
			continue
		}
		p := &printed{}
		for _, d := range a.Block.Block {
			for _, c := range w.rewrite(d) {
				p.directive(c, 0)
			}
		}
		text := p.text.String()
		if len(a.Problems) > 0 { // Apache answers 500 for it
			text = w.textOf(name)
		}
		if err := w.write(name, text); err != nil {
			return err
		}
	}
	return nil
}

// folders are the folders that the configuration names.
func (w *copying) folders() []string {
	var list []string
	w.conf.Top.Walk(func(d *conf.Directive) bool {
		name := ""
		switch d.Name {
		case "DocumentRoot", "XSendFilePath":
			name = d.Arg(0)
		case "Directory":
			name, _ = isRegex(d)
			if d.Arg(0) == "~" {
				name = ""
			}
		case "Alias":
			if name = d.Arg(len(d.Args) - 1); path.Ext(name) != "" {
				name = "" // a file
			}
		}
		if name != "" && !load.HasMeta(name) && !strings.ContainsAny(name, "$%") {
			list = append(list, path.Clean(absolute(w.conf.ServerRoot, name)))
		}
		return true
	})
	return slices.DeleteFunc(list, func(name string) bool { return !path.IsAbs(name) })
}

// textOf is the text of a file of the source.
func (w *copying) textOf(name string) string {
	for _, f := range w.conf.Source.Files {
		if f.Path == name {
			return f.Text
		}
	}
	return ""
}
