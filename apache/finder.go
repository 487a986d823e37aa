package apache

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/proxydiag/proxydiag/pkg/server"
)

var finder = server.Finder{
	Process: serverProcess, Uses: uses,
	Usual: []string{"/etc/apache2/apache2.conf", "/etc/httpd/conf/httpd.conf", "/usr/local/apache2/conf/httpd.conf", "/usr/local/etc/apache24/httpd.conf"},
}

// serverProcess reads a command line: the program is called apache2 by Debian
// and httpd by its makers.
func serverProcess(words []string) ([]string, bool) {
	if len(words) == 0 || !slices.Contains([]string{"apache2", "httpd"}, filepath.Base(words[0])) {
		return nil, false
	}
	return words[1:], true
}

var compiled = regexp.MustCompile(`-D (HTTPD_ROOT|SERVER_CONFIG_FILE)="([^"]*)"`)

// uses: -f names the file, below -d where it is relative
// (https://httpd.apache.org/docs/2.4/programs/httpd.html). What is not given
// was set when Apache was built, and -V tells it; with an empty configuration,
// so that no module is loaded for it.
func uses(s server.Started) (file, why string) {
	const others = "DCcEek"
	file, given := server.Option(s.Args, 'f', others+"d")
	root, moved := server.Option(s.Args, 'd', others+"f")
	if given && filepath.IsAbs(file) {
		return file, "it was started with -f " + file
	}
	built := map[string]string{}
	if !given || !moved {
		for _, m := range compiled.FindAllStringSubmatch(s.Tell("-V", "-f", os.DevNull), -1) {
			built[m[1]] = m[2]
		}
	}
	why = "it was started with -f " + file
	if !given {
		file, why = built["SERVER_CONFIG_FILE"], "its SERVER_CONFIG_FILE is "+built["SERVER_CONFIG_FILE"]+", as -V tells"
		if file == "" {
			return "", "it was started without -f, and it cannot be asked with -V"
		}
	}
	if !moved {
		root = built["HTTPD_ROOT"]
	}
	switch {
	case filepath.IsAbs(file):
	case root == "":
		return "", why + ", which is below its ServerRoot, and it cannot be asked with -V"
	default:
		file, why = filepath.Join(root, file), why+" below "+root
	}
	return file, why
}
