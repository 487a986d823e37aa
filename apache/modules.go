package apache

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// usual are the modules that are loaded where they are installed: those that
// Debian enables by default, and those that the samples name.
func usual() []string {
	return []string{
		"mpm_event", "access_compat", "alias", "auth_basic", "authn_core", "authn_file", "authz_core", "authz_host",
		"authz_user", "autoindex", "filter", "deflate", "dir", "env", "mime", "negotiation", "reqtimeout", "setenvif",
		"headers", "rewrite", "proxy", "proxy_http", "slotmem_shm", "proxy_balancer", "lbmethod_byrequests", "xsendfile",
	}
}

// modulesFolder returns the folder that distributions keep Apache's modules in.
func modulesFolder() (string, error) {
	folders := []string{
		"/usr/lib/apache2/modules",   // Debian and its kin, Alpine
		"/usr/lib64/httpd/modules",   // Fedora and its kin
		"/usr/lib/httpd/modules",     // Arch
		"/usr/lib64/apache2/modules", // Gentoo
	}
	for _, folder := range folders {
		if exists(filepath.Join(folder, "mod_proxy.so")) {
			return folder, nil
		}
	}
	return "", errors.New("Apache's modules, mod_proxy.so above all, are in none of " + strings.Join(folders, ", ") +
		": install Apache from the distribution")
}

// types returns the file that tells types by extension: the system's, or none.
func types() string {
	if file := "/etc/mime.types"; exists(file) {
		return file
	}
	return os.DevNull
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
