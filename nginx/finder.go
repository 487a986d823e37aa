package nginx

import (
	"path/filepath"
	"regexp"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/server"
)

var finder = server.Finder{
	Process: masterProcess, Uses: uses,
	Usual: []string{"/etc/nginx/nginx.conf", "/usr/local/nginx/conf/nginx.conf", "/usr/local/etc/nginx/nginx.conf", "/opt/homebrew/etc/nginx/nginx.conf"},
}

// masterProcess reads the title of a master process, "nginx: master process"
// with the command line behind it in one word (ngx_master_process_cycle), or
// the command line of a server without a master process.
func masterProcess(words []string) ([]string, bool) {
	if len(words) == 0 {
		return nil, false
	}
	if title, ok := strings.CutPrefix(words[0], "nginx: master process "); ok {
		args := strings.Fields(title)
		return args[min(1, len(args)):], true
	}
	return words[1:], filepath.Base(words[0]) == program
}

// builtWith finds a setting of ./configure in what nginx -V prints.
var builtWith = map[string]*regexp.Regexp{
	"prefix": regexp.MustCompile(`(?:^|\s)--prefix=(\S+)`), "conf-path": regexp.MustCompile(`(?:^|\s)--conf-path=(\S+)`),
}

// uses: -c names the file and -p the prefix that a relative name begins in
// (https://nginx.org/en/docs/switches.html). What is not given was set when
// nginx was built (https://nginx.org/en/docs/configure.html).
func uses(s server.Started) (file, why string) {
	file, given := server.Option(s.Args, 'c', "pegs")
	prefix, moved := server.Option(s.Args, 'p', "cegs")
	if given && filepath.IsAbs(file) {
		return file, "it was started with -c " + file
	}
	built := s.Tell("-V")
	setting := func(name, otherwise string) string {
		if m := builtWith[name].FindStringSubmatch(built); m != nil {
			return m[1]
		}
		return otherwise
	}
	if !given {
		if built == "" {
			return "", "it was started without -c, and nginx -V cannot be asked"
		}
		file, why = setting("conf-path", "conf/nginx.conf"), "it is built with this --conf-path, as nginx -V tells"
	} else {
		why = "it was started with -c " + file
	}
	if filepath.IsAbs(file) {
		return file, why
	}
	switch {
	case moved && filepath.IsAbs(prefix):
		return filepath.Join(prefix, file), why + " below -p " + prefix
	case moved && s.Folder != "":
		return filepath.Join(s.Folder, prefix, file), why + " below -p " + prefix + " in " + s.Folder
	case moved:
		return "", why + " below -p " + prefix + ", and its working folder cannot be seen"
	case built == "":
		return "", why + ", which is below its prefix, and nginx -V cannot be asked"
	}
	prefix = setting("prefix", "/usr/local/nginx")
	return filepath.Join(prefix, file), why + " below its prefix " + prefix
}
