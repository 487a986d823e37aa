package caddy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
)

// filled is a source in which every variable of the environment has a value: its
// default, or one that is made up after the place where it stands.
func filled(s conf.Source) conf.Source {
	s, _ = fill(s)
	return s
}

// Complete implements server.Completer: variables of the environment that are
// not set have the values that they have in the sandbox.
func (trials) Complete(s conf.Source) (conf.Source, []conf.Problem) { return fill(s) }

// fill is filled, with what was made up.
func fill(s conf.Source) (conf.Source, []conf.Problem) {
	known := environmentOf(s)
	var lines []string
	var told []conf.Problem
	done := map[string]bool{}
	for _, v := range unknownVariables(s) {
		if _, ok := known(v.name); ok || done[v.name] {
			continue
		}
		done[v.name] = true
		value, what := v.fallback, "its default"
		if !v.hasDefault {
			value, what = v.stand, fmt.Sprintf("%q", v.stand)
		}
		if strings.ContainsAny(value, "\r\n") {
			continue
		}
		lines = append(lines, v.name+"="+value+"\n")
		told = append(told, conf.Problem{Pos: v.pos, Kind: conf.Doubtful, Message: fmt.Sprintf("the variable %s is not set here: %s takes its place", v.name, what)})
	}
	if lines == nil {
		return s, nil
	}
	s.Files = slices.Clone(s.Files)
	text := strings.Join(lines, "")
	if i := slices.IndexFunc(s.Files, func(f conf.File) bool { return f.Path == envFile }); i >= 0 {
		s.Files[i].Text += text
	} else {
		s.Files = append(s.Files, conf.File{Path: envFile, Text: text})
	}
	return s, told
}

// usage is a place where a variable of the environment is used.
type usage struct {
	name, fallback string
	hasDefault     bool
	stand          string // what may stand for it
	pos            conf.Pos
}

// unknownVariables are the uses of variables, in the order of reading.
func unknownVariables(s conf.Source) []usage {
	var list []usage
	for _, f := range s.Files {
		if f.Path == envFile || isJSON(f.Text) {
			continue
		}
		rest, at := f.Text, 0
		for {
			i := strings.Index(rest, unset)
			if i < 0 {
				break
			}
			end := strings.IndexByte(rest[i:], '}')
			if end < 0 {
				break
			}
			name, fallback, ok := strings.Cut(rest[i+len(unset):i+end], ":")
			offset := at + i
			if name != "" {
				list = append(list, usage{name: name, fallback: fallback, hasDefault: ok, stand: name, pos: expandEnv(f.Text, noEnv).pos(f.Path, offset)})
			}
			rest, at = rest[i+end+1:], at+i+end+1
		}
	}
	top := &conf.Directive{IsBlock: true}
	p := &parser{files: load.NewKept(s), env: noEnv}
	for _, root := range s.Roots {
		p.root(root, top)
	}
	for i := range list {
		list[i].stand = standFor(list[i].name, top)
	}
	return list
}

// standFor is a value for a variable after the first place where it decides
// something: a host, an address, a port, a folder.
func standFor(name string, top *conf.Directive) string {
	plain := strings.ToLower(strings.ReplaceAll(name, "_", "-"))
	found := ""
	use := func(text, dir string, address bool) {
		before, after, ok := strings.Cut(text, unset+name+"}")
		if !ok || found != "" {
			return
		}
		switch {
		case strings.HasSuffix(before, ":") || strings.HasSuffix(plain, "port"):
			found = "8080"
		case address && strings.HasPrefix(after, "."):
			found = plain
		case address:
			found = plain + ".example"
		case dir == "reverse_proxy" || dir == "to" || dir == "php_fastcgi" || dir == "forward_auth":
			found = plain
			if after == "" {
				found += ":80"
			}
		case dir == "root" || dir == "handle" || dir == "handle_path" || dir == "path" || dir == "uri":
			found = plain
			if before == "" {
				found = "/" + plain
			}
		}
	}
	top.Walk(func(d *conf.Directive) bool {
		site := d.Parent == top && d.IsBlock
		use(d.Name, "", site)
		for _, a := range d.Args {
			use(a.Text, d.Name, site)
		}
		return true
	})
	return found
}
