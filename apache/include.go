package apache

import (
	"path"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
)

// include reads what an Include names: a file, every file of a folder and the
// folders in it, or what a pattern matches, in byte order
// (ap_process_fnmatch_configs in server/config.c).
func (p *parser) include(d, parent *conf.Directive, optional bool) {
	name := absolute(p.root, d.Arg(0))
	if !load.HasMeta(name) {
		clean := path.Clean(name)
		if _, isFolder := p.files.List(clean); !isFolder && strings.HasSuffix(name, "/") {
			if !optional {
				p.fail(d.Pos, conf.Missing, "%q is no folder", name)
			}
			return
		}
		p.tree(clean, parent, d, optional, 0)
		return
	}
	first := ""
	if strings.HasPrefix(name, "/") {
		first = "/"
	}
	p.pattern(first, strings.Split(strings.TrimLeft(name, "/"), "/"), parent, d, optional)
}

// pattern reads what the parts of a pattern match below a folder. Apache goes
// into each folder that a part matches before it looks at the next one; a part
// without a match is an error where the include is not optional.
func (p *parser) pattern(folder string, parts []string, parent, by *conf.Directive, optional bool) {
	for len(parts) > 0 && (parts[0] == "" || parts[0] == ".") {
		parts = parts[1:]
	}
	if len(parts) == 0 {
		p.tree(folder, parent, by, optional, 0)
		return
	}
	if !load.HasMeta(parts[0]) {
		p.pattern(path.Join(folder, parts[0]), parts[1:], parent, by, optional)
		return
	}
	names, ok := p.files.List(folder)
	if !ok && !optional {
		p.fail(by.Pos, conf.Missing, "folder %q cannot be listed", folder)
		return
	}
	found := false
	for _, name := range names {
		full := path.Join(folder, name)
		if !load.Match(parts[0], name) {
			continue
		}
		if len(parts) == 1 {
			found = true
			p.tree(full, parent, by, optional, 0)
		} else if _, isFolder := p.files.List(full); isFolder {
			found = true
			p.pattern(full, parts[1:], parent, by, optional)
		}
	}
	if !found && !optional {
		p.fail(by.Pos, conf.Missing, "nothing matches %q in %q (IncludeOptional would allow that)", parts[0], folder)
	}
}

// tree reads a file, or everything in a folder.
func (p *parser) tree(name string, parent, by *conf.Directive, optional bool, depth int) {
	names, isFolder := p.files.List(name)
	if !isFolder {
		p.file(name, parent, by, optional)
		return
	}
	if depth > maxFolders {
		p.fail(by.Pos, conf.TooLarge, "more than %d folders within each other below %q", maxFolders, by.Arg(0))
		return
	}
	for _, n := range names {
		p.tree(path.Join(name, n), parent, by, optional, depth+1)
	}
}

// maxFolders is AP_MAX_INCLUDE_DIR_DEPTH.
const maxFolders = 20
