package apache

import (
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// isRegex returns the pattern of a section: of a …Match one, or behind "~".
func isRegex(d *conf.Directive) (text string, regex bool) {
	if strings.HasSuffix(d.Name, "Match") {
		return d.Arg(0), true
	}
	if d.Arg(0) == "~" {
		return d.Arg(1), true
	}
	return d.Arg(0), false
}

// servers are the blocks of the main server and of the virtual host.
func (s *state) servers() []*conf.Directive {
	if s.srv.dir == nil {
		return []*conf.Directive{s.r.conf.Top}
	}
	return []*conf.Directive{s.r.conf.Top, s.srv.dir}
}

// choose keeps those sections that apply: by name, or by a pattern of the subject.
func (s *state) choose(found []*conf.Directive, plain func(name string) bool, subject string) (chosen []*conf.Directive) {
	for _, d := range found {
		if !d.IsBlock || len(d.Args) == 0 {
			continue
		}
		if len(d.Block) > 0 && s.unset(d) {
			return chosen
		}
		text, regex := isRegex(d)
		if !regex {
			if plain(text) {
				chosen = append(chosen, d)
			}
			continue
		}
		p := compile(text, false)
		if p.why != "" {
			if len(d.Block) > 0 {
				s.undecided(d, "%s", p.why)
				return chosen
			}
			continue
		}
		if _, ok := p.match(subject); ok {
			chosen = append(chosen, d)
		}
	}
	return chosen
}

// matchLocations are the Location sections that the URI is in, those of the
// main server first (ap_location_walk).
func (s *state) matchLocations() []*conf.Directive {
	return s.choose(inBlocks(s.servers(), "Location", "LocationMatch"), func(name string) bool {
		if load.HasMeta(name) {
			return matchPath(name, s.uri)
		}
		return name == "/" || s.uri == strings.TrimSuffix(name, "/") && !strings.HasSuffix(name, "/") || strings.HasPrefix(s.uri, name) && (strings.HasSuffix(name, "/") || len(s.uri) > len(name) && s.uri[len(name)] == '/')
	}, s.uri)
}

// matchPath matches a whole path; * and ? do not match a slash
// (APR_FNM_PATHNAME).
func matchPath(pattern, name string) bool {
	ok, err := path.Match(strings.ReplaceAll(pattern, "[!", "[^"), name)
	return ok && err == nil
}

// walk finds the sections that what was found is in: Proxy for an upstream,
// Directory and Files for a file, and the conditions.
func (s *state) walk() {
	if url, ok := strings.CutPrefix(s.filename, "proxy:"); ok {
		s.others = s.choose(inBlocks(s.servers(), "Proxy", "ProxyMatch"), func(name string) bool {
			if load.HasMeta(name) {
				p := compile("^(?s)"+globRegex(name)+"$", false)
				_, ok := p.match(url)
				return ok
			}
			return strings.HasPrefix(url, name)
		}, url)
	} else {
		s.directories()
	}
	if s.done {
		return
	}
	s.locations = s.matchLocations()
	for _, d := range append(slices.Clip(s.others), s.locations...) {
		if d.Name != "" { // a .htaccess file was told before
			s.step(StepSection, d, "applies")
		}
	}
	s.conditions(s.sections())
}

// globRegex is a pattern whose * matches slashes, too.
func globRegex(glob string) string {
	var b strings.Builder
	for _, r := range glob {
		switch r {
		case '*':
			b.WriteString(".*")
		case '?':
			b.WriteString(".")
		default:
			if strings.ContainsRune(`\.+()|{}^$[]`, r) {
				b.WriteByte('\\')
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}

// directories finds the Directory and Files sections of the file, and the
// .htaccess files on the way (ap_directory_walk and ap_file_walk): folders from
// the outermost in, patterns after them, then names.
func (s *state) directories() {
	folder := path.Dir(s.filename)
	if strings.HasSuffix(s.filename, "/") || s.kind(s.filename) == route.FileFolder {
		folder = strings.TrimSuffix(s.filename, "/")
	}
	all := inBlocks(s.servers(), "Directory", "DirectoryMatch")
	plain := slices.DeleteFunc(slices.Clone(all), func(d *conf.Directive) bool { _, regex := isRegex(d); return regex })
	slices.SortStableFunc(plain, func(a, b *conf.Directive) int { return depthOf(a.Arg(0)) - depthOf(b.Arg(0)) })
	s.folders(plain, folder)
	if s.done {
		return
	}
	regex := slices.DeleteFunc(slices.Clone(all), func(d *conf.Directive) bool { _, regex := isRegex(d); return !regex })
	s.others = append(s.others, s.choose(regex, nil, folder+"/")...)
	if s.done {
		return
	}
	base := path.Base(s.filename)
	files := inBlocks(append(s.servers(), s.others...), "Files", "FilesMatch")
	s.others = append(s.others, s.choose(files, func(name string) bool { return name == base || load.HasMeta(name) && matchPath(name, base) }, base)...)
}

// kind is what is at a path: what was seen there, or else a folder where the
// configuration takes it for one.
func (s *state) kind(name string) route.FileKind {
	kind := s.r.file(name)
	if kind != route.FileUnknown || !path.IsAbs(name) {
		return kind
	}
	name = path.Clean(name)
	for _, d := range inBlocks(s.servers(), "Directory") {
		if text, regex := isRegex(d); !regex && !load.HasMeta(text) && path.Clean(text) == name {
			return route.FileFolder
		}
	}
	return kind
}

func depthOf(folder string) int { return strings.Count(strings.TrimSuffix(folder, "/"), "/") }

// inFolder says that a folder is one that a Directory section names, or below.
func inFolder(folder, name string) bool {
	name = strings.TrimSuffix(path.Clean(name), "/")
	if !load.HasMeta(name) {
		return name == "" || folder == name || strings.HasPrefix(folder, name+"/")
	}
	parts := strings.Split(folder, "/")
	n := strings.Count(name, "/") + 1
	return len(parts) >= n && matchPath(name, strings.Join(parts[:n], "/"))
}

// folders goes from the root down to a folder: at each one the Directory
// sections for it come first, then its .htaccess file (ap_directory_walk).
func (s *state) folders(sections []*conf.Directive, folder string) {
	s.others = nil
	parts := strings.Split(strings.Trim(folder, "/"), "/")
	at := "/"
	for depth := 0; ; depth++ {
		level := slices.DeleteFunc(slices.Clone(sections), func(d *conf.Directive) bool { return depthOf(path.Clean(d.Arg(0))) != depth })
		s.others = append(s.others, s.choose(level, func(name string) bool { return inFolder(at, name) }, "")...)
		if s.done {
			return
		}
		if s.readAccess(at); s.done || depth >= len(parts) || parts[depth] == "" {
			return
		}
		at = path.Join(at, parts[depth])
	}
}

// readAccess reads the .htaccess file of a folder, where that is allowed.
func (s *state) readAccess(folder string) {
	allowed := overrideOf(s.others)
	if allowed.none() {
		return
	}
	names := []string{accessFile}
	if d := s.serverLast("AccessFileName"); d != nil {
		names = d.Texts(0)
	}
	for _, name := range names {
		file := path.Join(folder, name)
		read, looked := s.r.conf.Access[file]
		switch {
		case read != nil:
			s.out.Htaccess = append(s.out.Htaccess, file)
			if bad := allowed.refused(read.Block); bad != nil && !allowed.nonfatal {
				s.step(StepSection, bad, "%s may not stand in %s, by %s", bad.Name, file, allowed.by)
				s.end(route.Failed, http.StatusInternalServerError, "")
				return
			}
			if len(read.Problems) > 0 {
				s.step(StepSection, nil, "%s cannot be read: %s", file, read.Problems[0].Message)
				s.end(route.Failed, http.StatusInternalServerError, "")
				return
			}
			s.others = append(s.others, read.Block)
			s.step(StepSection, nil, "%s applies", file)
			return
		case looked || s.r.file(file) == route.FileMissing || s.r.file(folder) == route.FileMissing:
		default:
			s.out.Htaccess = append(s.out.Htaccess, file)
			s.provided(allowed.by, "%s is read if it is there", file)
		}
	}
}

// conditions finds the If sections within blocks that hold (ap_if_walk). Behind
// a condition that is not known the rest of its chain is not known either.
func (s *state) conditions(blocks []*conf.Directive) {
	for _, b := range blocks {
		taken := no // an If or ElseIf of the chain held
		for _, d := range b.Block {
			switch d.Name {
			case "If":
				taken = no
			case "ElseIf", "Else":
				if taken == yes {
					continue
				}
			default:
				continue
			}
			holds := yes
			if d.Name != "Else" {
				text := d.Arg(0)
				if len(d.Args) > 1 {
					text = strings.Join(d.Texts(0), " ")
				}
				holds = s.expr(text)
			}
			if holds == yes && taken == unknown {
				holds = unknown
			}
			switch holds {
			case unknown:
				taken = unknown
				if s.matters(d) {
					s.undecided(d, "whether the condition holds is not known")
					return
				}
			case yes:
				taken = yes
				s.ifs = append(s.ifs, d)
				s.step(StepSection, d, "the condition holds")
				if s.conditions([]*conf.Directive{d}); s.done {
					return
				}
			}
		}
	}
}

// matters says that a section holds something that decides about a download.
func (s *state) matters(d *conf.Directive) bool {
	found := false
	d.Walk(func(in *conf.Directive) bool {
		switch in.Name {
		case "XSendFile", "Require", "RequireAll", "RequireAny", "RequireNone", "Order", "Allow", "Deny", "SetHandler", "Redirect", "RedirectMatch", "RewriteRule", "AuthType", "Satisfy", "AuthMerging", "AllowMethods", "SSLRequireSSL":
			found = true
		case "Header":
			for _, a := range in.Args {
				found = found || strings.EqualFold(a.Text, handoffField)
			}
		}
		return !found
	})
	return found
}
