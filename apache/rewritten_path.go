package apache

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/proc"
)

// path is where a path of the configuration is in the sandbox. One that begins
// with a variable holds a whole path.
func (w *copying) path(name string) string {
	switch {
	case name == "" || strings.Contains(name, "://"):
		return name
	case name[0] != '/' && name[0] != '$' && name[0] != '%':
		name = absolute(w.conf.ServerRoot, name)
	}
	if w.o.Root == "" || !strings.HasPrefix(name, "/") && name[0] != '$' && name[0] != '%' {
		return name
	}
	if name == "/" {
		return w.o.Root + "/"
	}
	return proc.Below(w.o.Root, name)
}

// pattern is a pattern of paths: what begins at the root of the machine begins
// at that of the sandbox.
func (w *copying) pattern(text string) string {
	if w.o.Root == "" {
		return text
	}
	var b strings.Builder
	class := false
	for i := 0; i < len(text); i++ {
		b.WriteByte(text[i])
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		case c == '[':
			class = true
		case c == ']':
			class = false
		case c == '^' && !class:
			b.WriteString(w.o.Root)
		}
	}
	return b.String()
}

// folder is a Directory section for the sandbox's folder.
func (w *copying) folder(d *conf.Directive) *conf.Directive {
	switch {
	case len(d.Args) == 0 || w.o.Root == "":
		return copyOf(d)
	case strings.EqualFold(d.Name, "DirectoryMatch"):
		return replaced(d, 0, w.pattern(d.Arg(0)))
	case d.Arg(0) == "~" && len(d.Args) > 1:
		return replaced(d, 1, w.pattern(d.Arg(1)))
	}
	return replaced(d, 0, w.path(d.Arg(0)))
}

// fileTest matches a test of a file in an expression.
var fileTest = regexp.MustCompile(`(-[defhsLFU]\s+|(?:file|filesize|filemod)\()(['"])(/[^'"]*)`)

// condition is an If with the paths in its expression in the sandbox.
func (w *copying) condition(d *conf.Directive) *conf.Directive {
	if w.o.Root == "" {
		return copyOf(d)
	}
	c := copyOf(d)
	c.Args = slices.Clone(d.Args)
	for i, a := range c.Args {
		if text := fileTest.ReplaceAllString(a.Text, "${1}${2}"+w.o.Root+"${3}"); text != a.Text {
			c.Args[i] = conf.Arg{Pos: a.Pos, Raw: quoted(d.Name, text), Text: text}
		}
	}
	return c
}

// pathed rewrites directives that name files or folders.
func (w *copying) pathed(name string, d *conf.Directive) ([]*conf.Directive, bool) {
	first := func(text string) ([]*conf.Directive, bool) { return []*conf.Directive{replaced(d, 0, text)}, true }
	if len(d.Args) == 0 {
		return nil, false
	}
	last := len(d.Args) - 1
	switch name {
	case "documentroot", "virtualdocumentroot", "virtualdocumentrootip", "virtualscriptalias", "virtualscriptaliasip":
		return first(w.path(d.Arg(0)))
	case "xsendfilepath":
		if strings.HasPrefix(d.Arg(0), "/") {
			return first(strings.TrimSuffix(w.o.Root+d.Arg(0), "//"))
		}
	case "alias", "aliasmatch", "scriptalias", "scriptaliasmatch":
		return []*conf.Directive{replaced(d, last, w.path(d.Arg(last)))}, true
	case "userdir":
		if strings.HasPrefix(d.Arg(last), "/") {
			return []*conf.Directive{replaced(d, last, w.path(d.Arg(last)))}, true
		}
	case "cacheroot":
		return first(w.cache())
	case "cachesocache":
		return first("shmcb")
	case "rewritecond":
		if test := strings.TrimPrefix(d.Arg(1), "!"); len(test) == 2 && strings.ContainsAny(test[1:], "dfhlLsx") && test[0] == '-' && strings.HasPrefix(d.Arg(0), "/") {
			return first(w.path(d.Arg(0)))
		}
	case "rewritemap":
		return []*conf.Directive{w.rewriteMap(d)}, true
	case "header":
		return []*conf.Directive{w.header(d)}, true
	case "mimemagicfile", "remoteiptrustedproxylist", "remoteipinternalproxylist", "authldapglobalcert":
		file := absolute(w.conf.ServerRoot, d.Arg(0))
		if exists(file) {
			return first(file)
		}
		w.change(d, "%s is not on this machine: %s is left out", d.Arg(0), d.Name)
		return nil, true
	case "authuserfile", "authgroupfile", "authdbmuserfile", "authdbmgroupfile":
		return first(absolute(w.conf.ServerRoot, d.Arg(0)))
	}
	return nil, false
}

// cache is a folder for a cache on disk, in which Apache's children may write.
func (w *copying) cache() string {
	dir := filepath.Join(w.o.Dir, "cache")
	err := os.MkdirAll(dir, 0o777)
	if err == nil {
		err = os.Chmod(dir, 0o777)
	}
	if err != nil {
		w.failed = fmt.Errorf("the sandbox's folders: %w", err)
	}
	return dir
}

// rewriteMap is a map that is a file of this machine or a function of Apache's;
// anything else is empty, as no programs are run and nobody is asked.
func (w *copying) rewriteMap(d *conf.Directive) *conf.Directive {
	kind, source, _ := strings.Cut(d.Arg(1), ":")
	switch strings.ToLower(kind) {
	case "int":
		return copyOf(d)
	case "prg", "dbd", "fastdbd":
		w.change(d, "no programs are run and no database is asked: the map %s is empty", d.Arg(0))
		return replaced(d, 1, "txt:/dev/null")
	case "dbm":
		_, file, ok := strings.Cut(source, ":")
		if source = file; !ok {
			_, source, _ = strings.Cut(d.Arg(1), ":")
		}
	case "txt", "rnd":
	default:
		source = d.Arg(1)
	}
	if file := absolute(w.conf.ServerRoot, source); exists(file) {
		return replaced(d, 1, strings.TrimSuffix(d.Arg(1), source)+file)
	}
	w.change(d, "%s is not on this machine: the map %s is empty", source, d.Arg(0))
	return replaced(d, 1, "txt:/dev/null")
}

// header is a Header that changes the path of a handoff, for the sandbox's
// paths.
func (w *copying) header(d *conf.Directive) *conf.Directive {
	if w.o.Root == "" {
		return copyOf(d)
	}
	c := copyOf(d)
	for i := 0; i+1 < len(d.Args); i++ {
		if !strings.EqualFold(strings.TrimSuffix(d.Arg(i+1), ":"), handoffField) {
			continue
		}
		switch strings.ToLower(d.Arg(i)) {
		case "set", "setifempty":
			if strings.HasPrefix(d.Arg(i+2), "/") {
				c = replaced(c, i+2, w.path(d.Arg(i+2)))
			}
		case "edit", "edit*":
			if strings.HasPrefix(d.Arg(i+2), "^") && len(d.Args) > i+3 {
				c = replaced(c, i+2, w.pattern(d.Arg(i+2)))
				if strings.HasPrefix(d.Arg(i+3), "/") {
					c = replaced(c, i+3, w.path(d.Arg(i+3)))
				}
			}
		}
		break
	}
	return c
}

// rewritten is a RewriteRule of a server whose target is a path of the file
// system: its first part is a folder that the configuration names, too, or one
// of this machine (prefix_stat in mod_rewrite.c).
func (w *copying) rewritten(d *conf.Directive) *conf.Directive {
	to, flags := d.Arg(1), flagsOf(d.Arg(2))
	inFolder := d.Parent != nil && d.Parent.Name != "VirtualHost" && d.Parent.Name != ""
	if w.o.Root == "" || inFolder || !strings.HasPrefix(to, "/") || has(flags, "PT") || has(flags, "R") || has(flags, "P") {
		return copyOf(d)
	}
	first, rest, more := strings.Cut(to[1:], "/")
	if !more || rest == "" || first == "" || strings.ContainsAny(first, "$%") {
		return copyOf(d)
	}
	known := exists("/" + first)
	for _, name := range w.folders() {
		known = known || strings.HasPrefix(name+"/", "/"+first+"/")
	}
	if !known {
		return copyOf(d)
	}
	return replaced(d, 1, w.path(to))
}
