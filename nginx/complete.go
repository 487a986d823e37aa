package nginx

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// ofDistribution are files that packages of nginx bring along, and that
// configurations include without having them.
var ofDistribution = []string{
	"mime.types", "fastcgi_params", "fastcgi.conf", "uwsgi_params", "scgi_params", "proxy_params", "proxy.conf",
	"koi-utf", "koi-win", "win-utf", "snippets/fastcgi-php.conf",
}

// homes are the folders in which installations of nginx keep those files.
var homes = []string{"/etc/nginx", "/usr/local/nginx/conf", "/usr/local/etc/nginx", "/opt/homebrew/etc/nginx"}

// aboutTLS are folders whose files only say how TLS is spoken, which a sandbox does
// with a certificate of its own: what certbot writes.
var aboutTLS = []string{"/etc/letsencrypt/"}

// Complete implements server.Completer: included files that the source lacks
// come from the nginx of this machine where they belong to every installation,
// and are empty where they are about certificates only.
func (trials) Complete(source conf.Source) (conf.Source, []conf.Problem) {
	var told []conf.Problem
	supplied := map[string]bool{}
	source.Files = slices.Clone(source.Files)
	for range 4 { // what is brought in may include more
		c, err := Parse(source)
		var problems *conf.Error
		if !errors.As(err, &problems) {
			break
		}
		found := false
		c.Top.Walk(func(d *conf.Directive) bool {
			if d.Name != "include" || d.IsBlock || !slices.ContainsFunc(problems.Problems, func(p conf.Problem) bool { return p.Pos == d.Pos && p.Kind == conf.Missing }) {
				return true
			}
			text, from, ok := standard(d.Arg(0))
			if !ok {
				return true
			}
			name := d.Arg(0)
			if !strings.HasPrefix(name, "/") && source.Prefix != "" {
				name = strings.TrimSuffix(source.Prefix, "/") + "/" + name
			}
			found = true
			source.Files = slices.DeleteFunc(source.Files, func(f conf.File) bool { return f.Path == name })
			source.Files = append(source.Files, conf.File{Path: name, Text: text})
			supplied[name] = true
			if supplied[d.Pos.File] {
				return true
			}
			told = append(told, conf.Problem{Pos: d.Pos, Kind: conf.Doubtful, Message: fmt.Sprintf("%q is not there: %s", d.Arg(0), from)})
			return true
		})
		if !found {
			break
		}
	}
	return source, told
}

// standard is the text of a file that every installation has.
func standard(name string) (text, from string, ok bool) {
	for _, folder := range aboutTLS {
		if strings.HasPrefix(name, folder) {
			return "", "it is left out, for the sandbox has a certificate of its own", true
		}
	}
	known := path.Base(name)
	if path.Base(path.Dir(name)) == "snippets" {
		known = "snippets/" + known
	}
	if !slices.Contains(ofDistribution, known) {
		return "", "", false
	}
	for _, home := range homes {
		file := filepath.Join(home, known)
		if data, err := os.ReadFile(file); err == nil {
			return string(data), "that of this machine is used, " + file, true
		}
	}
	return "", "", false
}
