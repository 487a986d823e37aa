package apache

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
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
		if main := joinPart(folder, name); l.there(main) {
			return []string{main}, nil
		}
	}
	for _, sub := range []string{"", "sites-enabled", "sites-available", "conf.d", "conf-enabled"} {
		var roots []string
		in := joinPart(folder, sub)
		names, _ := l.names(in)
		for _, name := range names {
			if file := path.Join(in, name); strings.HasSuffix(name, ".conf") && !strings.HasPrefix(name, ".") && l.regular(file) {
				roots = append(roots, file)
			}
		}
		if len(roots) > 0 {
			return roots, nil
		}
	}
	return nil, &conf.Error{Problems: []conf.Problem{{
		Pos: conf.Pos{File: folder}, Kind: conf.Empty,
		Message: fmt.Sprintf("the folder holds neither %s nor httpd.conf nor any *.conf: name the configuration's file", mainFile),
	}}}
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
