package caddy

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/server"
)

var finder = server.Finder{
	Process: serverProcess, Uses: uses,
	Usual: []string{"/etc/caddy/Caddyfile", "/usr/local/etc/caddy/Caddyfile", "/opt/homebrew/etc/Caddyfile"},
}

// serverProcess reads a command line. The other commands of Caddy that serve,
// file-server for example, take no configuration.
func serverProcess(words []string) ([]string, bool) {
	if len(words) < 2 || filepath.Base(words[0]) != program || words[1] != "run" {
		return nil, false
	}
	return words[1:], true
}

// uses: --config names the file; without it that is the Caddyfile in the
// working folder (https://caddyserver.com/docs/command-line#caddy-run).
func uses(s server.Started) (file, why string) {
	if slices.Contains(s.Args, "--resume") {
		return "", "it was started with --resume, and runs with what its administration interface was given last"
	}
	why = "it was started without --config"
	file = "Caddyfile"
	for i, a := range s.Args {
		name, value, joined := strings.Cut(a, "=")
		if name != "--config" && name != "-config" && name != "-c" {
			continue
		}
		if !joined && i+1 < len(s.Args) {
			value = s.Args[i+1]
		}
		file, why = value, "it was started with --config "+value
	}
	switch {
	case filepath.IsAbs(file):
		return file, why
	case s.Args == nil:
		return "", why
	case s.Folder == "":
		return "", why + ", and its working folder cannot be seen"
	}
	return filepath.Join(s.Folder, file), why + " in " + s.Folder
}
