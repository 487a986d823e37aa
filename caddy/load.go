package caddy

import (
	"io"
	"os"
	"slices"
	"sort"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
	"github.com/proxydiag/proxydiag/pkg/conf/mask"
)

// LoadOptions say where Load reads; the zero value reads this machine's files
// and environment.
type LoadOptions struct {
	// FS is where files are opened. nil: this machine's file system.
	FS load.FS
	// Stdin is read for the path "-". nil: standard input.
	Stdin io.Reader
	// Env looks up a variable of the environment. nil: this process's.
	Env func(name string) (string, bool)
}

// Load reads a configuration: every file of it, and nothing else; no command is
// executed. path is a Caddyfile, a configuration in JSON, a folder with a
// Caddyfile in it, or "-" for standard input. The variables that decide
// where a request goes are taken from the environment and go into the source.
//
// A *conf.Error says that there is nothing to read. What is wrong inside is
// kept in the source and reported by Parse.
func Load(path string, o LoadOptions) (conf.Source, error) {
	r := load.NewReader(o.FS, "its text on standard input")
	env := o.Env
	if env == nil {
		env = os.LookupEnv
	}
	var f conf.File
	if path == "-" {
		if f = r.Stdin(o.Stdin); f.Kind != "" {
			return conf.Source{}, load.Problem(f.Path, f.Kind, f.Problem)
		}
	} else {
		roots, err := r.Roots(path, func(folder string) ([]string, error) { return []string{load.Join(folder, mainFile)}, nil })
		if err != nil {
			return conf.Source{}, err
		}
		if f, err = r.First(roots[0]); err != nil {
			return conf.Source{}, err
		}
	}
	if strings.TrimSpace(f.Text) == "" {
		return conf.Source{}, load.Problem(f.Path, conf.Empty, "there is no configuration in it")
	}
	s := conf.Source{Roots: []string{f.Path}}
	if !isJSON(f.Text) {
		p := &parser{files: r, env: env}
		p.root(f.Path, &conf.Directive{})
	}
	s.Files = r.Files
	if text := environment(s, env); text != "" {
		s.Files = append(s.Files, conf.File{Path: envFile, Text: text})
	}
	return s, nil
}

// environment are the variables that decide where a request goes, as lines
// NAME=value: those of addresses, folders and prefixes. All others stay where
// they are, for they may be secret: one that stands anywhere else as well, or
// that is called like a secret, is left out.
func environment(s conf.Source, env func(string) (string, bool)) string {
	top := &conf.Directive{IsBlock: true}
	p := &parser{files: load.NewKept(s), env: noEnv}
	for _, root := range s.Roots {
		p.root(root, top)
	}
	keep := map[string]bool{}
	look := func(text string, decides bool) {
		for _, name := range variables(text) {
			before, there := keep[name]
			keep[name] = decides && (before || !there)
		}
	}
	top.Walk(func(d *conf.Directive) bool {
		look(d.Name, d.Parent == top && d.IsBlock)
		for i, a := range d.Args {
			switch {
			case d.Name == "import":
				if i == 0 {
					look(a.Text, true)
				} // what else it passes counts where it is used
			default:
				look(a.Text, decides(d, top))
			}
		}
		return true
	})
	var lines []string
	for name, kept := range keep {
		if value, ok := env(name); ok && kept && !mask.IsSecret(name) && !strings.ContainsAny(value, "\r\n") {
			lines = append(lines, name+"="+value+"\n")
		}
	}
	sort.Strings(lines)
	return strings.Join(lines, "")
}

// decides says that the arguments of a directive are addresses, folders or
// prefixes.
func decides(d, top *conf.Directive) bool {
	switch d.Name {
	case "reverse_proxy", "to", "root", "handle", "handle_path", "path", "bind", "default_bind", "http_port", "https_port":
		return true
	case "uri":
		return slices.Contains(d.Texts(0), "strip_prefix")
	}
	return d.Parent == top && d.IsBlock && !strings.HasPrefix(d.Name, "(")
}
