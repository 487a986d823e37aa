package apache

import (
	"path"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
)

// mainFiles are the names of main files: Debian's, and everybody else's.
var mainFiles = []string{mainFile, "httpd.conf", "conf/httpd.conf"}

// sitesOf returns the files of a folder to begin with:
//
//   - its apache2.conf, httpd.conf or conf/httpd.conf, or
//   - all *.conf in it, or
//   - the same of its sites-enabled, sites-available, conf.d or conf-enabled.
func (l *loader) sitesOf(folder string) ([]string, error) {
	for _, name := range mainFiles {
		if main := path.Join(folder, name); l.There(main) {
			return []string{main}, nil
		}
	}
	for _, sub := range []string{"", "sites-enabled", "sites-available", "conf.d", "conf-enabled"} {
		var roots []string
		in := path.Join(folder, sub)
		names, _ := l.Names(in)
		for _, name := range names {
			if file := path.Join(in, name); strings.HasSuffix(name, ".conf") && !strings.HasPrefix(name, ".") && l.Regular(file) {
				roots = append(roots, file)
			}
		}
		if len(roots) > 0 {
			return roots, nil
		}
	}
	return nil, load.Problem(folder, conf.Empty, "the folder holds neither %s nor httpd.conf nor any *.conf: name the configuration's file", mainFile)
}
