package caddy

import (
	"io"
	"os"
	"sort"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
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
// Caddyfile in it, or "-" for standard input. The variables that a Caddyfile
// names are taken from the environment and go into the source.
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
	if text := environment(r.Files, env); text != "" {
		s.Files = append(s.Files, conf.File{Path: envFile, Text: text})
	}
	return s, nil
}

// environment are the variables that files name, as lines NAME=value.
func environment(files []conf.File, env func(string) (string, bool)) string {
	given := map[string]string{}
	for _, f := range files {
		for _, name := range variables(f.Text) {
			if value, ok := env(name); ok && !strings.ContainsAny(value, "\r\n") {
				given[name] = value
			}
		}
	}
	var lines []string
	for name, value := range given {
		lines = append(lines, name+"="+value+"\n")
	}
	sort.Strings(lines)
	return strings.Join(lines, "")
}
