package lighttpd

import (
	"path/filepath"

	"github.com/proxydiag/proxydiag/pkg/server"
)

var finder = server.Finder{
	Process: serverProcess, Uses: uses,
	Usual: []string{"/etc/lighttpd/lighttpd.conf", "/usr/local/etc/lighttpd/lighttpd.conf", "/opt/homebrew/etc/lighttpd/lighttpd.conf"},
}

func serverProcess(words []string) ([]string, bool) {
	if len(words) == 0 || filepath.Base(words[0]) != program {
		return nil, false
	}
	return words[1:], true
}

// uses: there is no configuration but the one that -f names (lighttpd(8)).
func uses(s server.Started) (file, why string) {
	file, given := server.Option(s.Args, 'f', "mi")
	switch why = "it was started with -f " + file; {
	case !given:
		return "", "it was started without -f"
	case filepath.IsAbs(file):
		return file, why
	case s.Folder == "":
		return "", why + ", and its working folder cannot be seen"
	}
	return filepath.Join(s.Folder, file), why + " in " + s.Folder
}
