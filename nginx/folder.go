package nginx

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// sitesOf returns the files of a folder to begin with:
//
//   - its nginx.conf, or
//   - all *.conf in it, or
//   - where its name begins with "sites-", as Debian's do, all files in it but
//     those that editors and package managers leave behind, or
//   - the same of its conf.d, sites-enabled or sites-available.
func (l *loader) sitesOf(folder string) ([]string, error) {
	if main := joinPart(folder, mainFile); l.exists(main) {
		return []string{main}, nil
	}
	for _, sub := range []string{"", "conf.d", "sites-enabled", "sites-available"} {
		if roots := l.sites(joinPart(folder, sub)); len(roots) > 0 {
			return roots, nil
		}
	}
	return nil, &conf.Error{Problems: []conf.Problem{{
		Pos: conf.Pos{File: folder}, Kind: conf.Empty,
		Message: fmt.Sprintf("the folder holds no %s and no *.conf: name the configuration's file", mainFile),
	}}}
}

func (l *loader) sites(folder string) []string {
	folder = cleanEnd(folder)
	named := strings.HasPrefix(path.Base(folder), "sites-")
	var confs, all []string
	for _, name := range l.list(folder) {
		file := joinPart(folder, name)
		if strings.HasPrefix(name, ".") || !l.regular(file) {
			continue
		}
		if strings.HasSuffix(name, ".conf") {
			confs = append(confs, file)
		}
		if !leftover(name) {
			all = append(all, file)
		}
	}
	if named {
		return all
	}
	return confs
}

// leftover says that a file is a copy that an editor or a package manager made.
func leftover(name string) bool {
	for _, end := range []string{"~", ".bak", ".orig", ".old", ".swp", ".save", ".dpkg-dist", ".dpkg-old", ".dpkg-new", ".rpmsave", ".rpmnew"} {
		if strings.HasSuffix(name, end) {
			return true
		}
	}
	return false
}

func (l *loader) regular(name string) bool {
	f, err := l.fs.Open(name)
	if err != nil {
		return true // it is there, and reading it says why not
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	return err == nil && info.Mode()&fs.ModeType == 0
}
