package apache

import (
	"path"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
)

// Config is a configuration as Apache reads it.
type Config struct {
	Source conf.Source
	// Top holds every directive that is in force, in its block: what Apache's
	// own tree holds, and what acts while Apache reads (Define, Include,
	// LoadModule, Use, …). What an Include or a Use brings in stands right behind
	// it, what stands in a Guard that is in force in place of it. Names are
	// spelled as documented; sections are named without "<". Top has no name
	// and no place.
	Top *conf.Directive
	// Guards are the sections that are read or left out while Apache reads, in
	// the order of reading.
	Guards []*Guard
	// Access are the .htaccess files that were looked for, by their paths; nil
	// for those that are not there.
	Access map[string]*Access
	// Modules are the modules that are loaded, by identifier
	// ("xsendfile_module"), with the LoadModule directive; nil for those that
	// are compiled in.
	Modules map[string]*conf.Directive
	// ModulesKnown says that a module that is not in Modules is not loaded. It
	// is not so for a fragment, and for a dump without the output of
	// DUMP_MODULES.
	ModulesKnown bool
	// Fragment says that the source is a part of a configuration, such as a
	// file of sites-available: what stands around it is not known.
	Fragment bool
	// Dump says that the source is the output of DUMP_CONFIG: places have
	// lines and no columns.
	Dump bool
	// ServerRoot is what relative names are relative to.
	ServerRoot string
	// Undefined are the names of the variables that have no value, sorted;
	// Apache keeps ${NAME} as it is written.
	Undefined []string
}

// Parse reads the texts of a source. It is a pure function. The Config is
// whatever could be read and never nil; the error is nil or a *conf.Error with
// every problem found, in the order of reading. A file is read up to the first
// line that closes a section it should not. Of the meaning of directives
// little is checked: Apache may refuse a configuration that Parse accepts, and
// knows modules that Parse does not.
func Parse(s conf.Source) (*Config, error) {
	c := &Config{Source: s, Top: &conf.Directive{IsBlock: true}}
	files := load.NewKept(s)
	env := map[string]string{}
	for _, f := range s.Files {
		if base := path.Base(f.Path); base == envFile || f.Path == envGive {
			assignments(f.Text, env)
		}
	}
	p := newParser(files, s.Prefix, env)
	for _, root := range s.Roots {
		f, _ := files.Read(root)
		if c.Dump = isDump(f.Text); c.Dump {
			p.dump(f.Text, c.Top)
			continue
		}
		p.main = p.main || isMain(f.Text)
		p.file(root, c.Top, nil, false)
	}
	c.Access = p.accessFiles(s, c.Top)
	c.Guards, c.Modules, c.ServerRoot = p.guards, p.modules, p.root
	c.Fragment = !p.main && !c.Dump
	c.ModulesKnown = p.main
	for name := range p.missing {
		c.Undefined = append(c.Undefined, name)
	}
	slices.Sort(c.Undefined)
	if len(p.problems) > 0 {
		return c, &conf.Error{Problems: p.problems}
	}
	return c, nil
}

// Loaded says whether a module, named as <IfModule> does ("mod_xsendfile.c"
// or "xsendfile_module"), is loaded. known is false where the source does not
// tell. A directive of the module that is in force shows it, too.
func (c *Config) Loaded(module string) (loaded, known bool) {
	id := moduleID(module)
	if _, ok := c.Modules[id]; ok {
		return true, true
	}
	if c.ModulesKnown {
		return false, true
	}
	c.Top.Walk(func(d *conf.Directive) bool {
		of, ok := moduleOf(d.Name)
		loaded = loaded || ok && of != "" && moduleID(of+".c") == id
		return !loaded
	})
	return loaded, loaded
}

// isMain says that a text is that of a main file, not of a fragment: it says
// what holds for the whole process.
func isMain(text string) bool {
	s := &source{text: text}
	for {
		l, ok := s.next()
		if !ok {
			return false
		}
		name, _, _, at := word(l.text, 0)
		switch canonical(name) {
		case "ServerRoot", "PidFile", "User", "Group", "DefaultRuntimeDir", "Mutex":
			return true
		case "LoadModule":
			if strings.HasPrefix(l.text[at:], "mpm_") {
				return true
			}
		case "Include", "IncludeOptional":
			if strings.Contains(l.text, "mods-enabled/") || strings.Contains(l.text, "conf.modules.d/") {
				return true
			}
		}
	}
}
