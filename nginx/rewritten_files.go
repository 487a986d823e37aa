package nginx

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/proc"
)

// moduleFolders are where installations keep modules: code from elsewhere is
// not loaded.
var moduleFolders = []string{"/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/usr/share/nginx/modules", "/etc/nginx/modules", "/usr/local/nginx/modules"}

// module is load_module with the path of a module that is here; nil for one
// that is not, or that runs code.
func (w *rewriting) module(d *conf.Directive) *conf.Directive {
	name := filepath.Base(d.Arg(0))
	for _, code := range []string{"lua", "perl", "_js_", "passenger", "ndk"} {
		if strings.Contains(name, code) {
			w.change(d, "the module %s runs code: it is left out", name)
			return nil
		}
	}
	for _, folder := range moduleFolders {
		path := filepath.Join(folder, name)
		if _, err := os.Stat(path); err == nil && !w.left[d.Pos] {
			return with(d, path)
		}
	}
	w.change(d, "the module %s is not on this machine: it is left out", name)
	return nil
}

// path is where a path of the configuration is in the sandbox. One that begins
// with a variable holds a whole path, save those that nginx itself makes.
func (w *rewriting) path(path string) string {
	if w.o.Root == "" || path == "" || path[0] != '/' && path[0] != '$' {
		return path
	}
	for _, own := range []string{"document_root", "realpath_root", "request_filename"} {
		if parts := cutVariables(path); parts[0].variable && parts[0].text == own {
			return path
		}
	}
	return proc.Below(w.o.Root, path)
}

// condition is an if with its path in the sandbox: if (-f /srv/closed).
func (w *rewriting) condition(d *conf.Directive) *conf.Directive {
	c := copyOf(d)
	c.Args = slices.Clone(d.Args)
	for i := 1; i < len(c.Args); i++ {
		test := strings.TrimPrefix(strings.TrimPrefix(c.Args[i-1].Text, "("), "!")
		if len(test) != 2 || test[0] != '-' {
			continue
		}
		text, end := c.Args[i].Text, ""
		if i == len(c.Args)-1 {
			text, end = strings.TrimSuffix(text, ")"), ")"
		}
		c.Args[i].Raw = quoted(w.path(text) + end)
	}
	return c
}

// cache is the sandbox's folder for a cache. nginx makes one folder and not
// those above it.
func (w *rewriting) cache(path string) string {
	return w.dirMark + "/cache" + strings.ReplaceAll(path, "/", "-")
}

// certificate is a certificate of the sandbox's own.
func (w *rewriting) certificate(d *conf.Directive) []*conf.Directive {
	cert, key, err := w.o.Certificate()
	if err != nil {
		w.fail(err)
		return nil
	}
	if _, err := os.Stat(d.Arg(0)); err != nil && filepath.IsAbs(d.Arg(0)) {
		w.change(d, "%s is not there: the sandbox has a certificate of its own", d.Arg(0))
	}
	if d.Name == "ssl_certificate_key" {
		return []*conf.Directive{with(d, key)}
	}
	return []*conf.Directive{with(d, cert)}
}

// passwords is auth_basic_user_file with a file that is there. Without the
// user's own nobody is let in.
func (w *rewriting) passwords(d *conf.Directive) *conf.Directive {
	if filepath.IsAbs(d.Arg(0)) && !strings.Contains(d.Arg(0), "$") {
		if _, err := os.Stat(d.Arg(0)); err == nil {
			return copyOf(d)
		}
	}
	w.change(d, "%s is not there: nobody is let in", d.Arg(0))
	file := filepath.Join(w.o.Dir, "nobody")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		w.fail(fmt.Errorf("the sandbox's file of passwords: %w", err))
	}
	return with(d, file)
}

// around are directives for the http block that a part of a configuration
// needs and has in another file.
func (w *rewriting) around() []string {
	if !w.conf.Fragment && !w.o.AllowMissing {
		return nil
	}
	var lines []string
	http := w.conf.HTTP
	for _, v := range w.router.servers {
		tls := slices.ContainsFunc(v.list, func(l listen) bool { return l.ssl })
		if !tls || last(v.dir, "ssl_certificate") != nil {
			continue
		}
		w.change(v.dir, "no ssl_certificate is here: the sandbox has a certificate of its own")
		if cert, key, err := w.o.Certificate(); err != nil {
			w.fail(err)
		} else if lines == nil && http.First("ssl_certificate") == nil {
			lines = append(lines, "ssl_certificate "+quoted(cert)+";", "ssl_certificate_key "+quoted(key)+";")
		}
	}
	return append(lines, w.zones()...)
}

// zones are the shared memory zones that are used and not defined here.
func (w *rewriting) zones() []string {
	known := map[string]bool{}
	w.conf.HTTP.Walk(func(d *conf.Directive) bool {
		for _, a := range d.Texts(0) {
			if zone, ok := strings.CutPrefix(a, "keys_zone="); ok {
				zone, _, _ = strings.Cut(zone, ":")
				known[zone] = true
			}
		}
		return true
	})
	var lines []string
	w.conf.HTTP.Walk(func(d *conf.Directive) bool {
		switch d.Name {
		case "proxy_cache", "fastcgi_cache", "uwsgi_cache", "scgi_cache":
			if zone := d.Arg(0); zone != "off" && !known[zone] && !strings.Contains(zone, "$") {
				known[zone] = true
				w.change(d, "the zone %s is not defined here: the sandbox defines one", zone)
				lines = append(lines, fmt.Sprintf("%s_path %s keys_zone=%s:1m;", d.Name, w.cache("/zone/"+zone), zone))
			}
		}
		return true
	})
	return lines
}
