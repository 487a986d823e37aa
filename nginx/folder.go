package nginx

import (
	"path"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
)

// sitesOf returns the files of a folder to begin with:
//
//   - its nginx.conf, or
//   - all *.conf in it, or
//   - where its name begins with "sites-", as Debian's do, all files in it but
//     those that editors and package managers leave behind, or
//   - the same of its conf.d, sites-enabled or sites-available.
func (l *loader) sitesOf(folder string) ([]string, error) {
	if main := load.Join(folder, mainFile); l.There(main) {
		return []string{main}, nil
	}
	for _, sub := range []string{"", "conf.d", "sites-enabled", "sites-available"} {
		if roots := l.sites(load.Join(folder, sub)); len(roots) > 0 {
			return roots, nil
		}
	}
	return nil, load.Problem(folder, conf.Empty, "the folder holds no %s and no *.conf: name the configuration's file", mainFile)
}

func (l *loader) sites(folder string) []string {
	folder = load.CleanEnd(folder)
	named := strings.HasPrefix(path.Base(folder), "sites-")
	var confs, all []string
	names, _ := l.Names(folder)
	for _, name := range names {
		file := load.Join(folder, name)
		if strings.HasPrefix(name, ".") || !l.Regular(file) {
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
