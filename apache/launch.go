package apache

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/proc"
)

// taken is what Apache prints where it cannot listen on an address
// (ap_listen.c, make_sock).
const taken = "AH00072"

// grace is how long Apache may take to end. It waits 9 s for a child that is
// within a request, which nobody waits for any more.
const grace = 500 * time.Millisecond

// Launch starts the real Apache, 2.4, on a free address of 127.0.0.0/8.
//
// Apache knows no way to inherit a listening socket but mod_systemd's, which
// Debian 12 has not. So it is given an address that is free now, and another
// one where somebody else was faster; an address other than 127.0.0.1 makes
// that unlikely to begin with. With -DFOREGROUND Apache stays the process that
// was started and keeps its children in that process's group
// (https://httpd.apache.org/docs/2.4/programs/httpd.html).
func Launch(ctx context.Context, o server.LaunchOptions) (server.Process, error) {
	path, err := proc.Program(o.Binary, program)
	if err != nil {
		return nil, err
	}
	p, err := proc.OnFreeAddr(taken, func(addr string) (*proc.Process, error) {
		dir, err := prepare(o.Site(addr), o.Without)
		if err != nil {
			return nil, err
		}
		return proc.Start(ctx, proc.Options{
			Name: "Apache",
			Path: path,
			Args: []string{"-f", filepath.Join(dir, mainFile), "-DFOREGROUND"},
			// What Debian's envvars sets, and site files refer to.
			Env:          []string{"APACHE_LOG_DIR=" + dir, "APACHE_RUN_DIR=" + dir, "APACHE_LOCK_DIR=" + dir},
			Dir:          dir,
			ErrorLog:     filepath.Join(dir, logFile),
			Addr:         addr,
			StartTimeout: o.StartTimeout,
			Grace:        grace,
		})
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// The files in the scratch folder.
const (
	mainFile = "apache2.conf" // what stands around the site
	siteFile = "site.conf"    // the site, as given
	logFile  = "error.log"
)

// prepare makes a scratch folder that holds the configuration, which loads the
// usual modules without some.
func prepare(site string, without []string) (dir string, err error) {
	modules, err := modulesFolder()
	if err != nil {
		return "", err
	}
	dir, err = proc.Scratch("apache")
	if err != nil {
		return "", err
	}
	return dir, proc.Write(dir, "Apache", map[string]string{mainFile: around(dir, modules, without), siteFile: site})
}

// around is the main configuration file: what a distribution's apache2.conf
// holds outside the site's own file, as little as possible of it, with every
// path in dir. Like Debian's it refuses every file that the site does not
// open. The site finds the modules as modules/mod_x.so if it wants more.
func around(dir, modules string, without []string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "ServerRoot %q\n", filepath.Dir(modules))
	for _, m := range usual() {
		if file := filepath.Join(modules, "mod_"+m+".so"); exists(file) && !slices.Contains(without, m) {
			fmt.Fprintf(&b, "LoadModule %s_module %q\n", m, file)
		}
	}
	if user, group := proc.WorkerUser("www-data", "apache", "nobody"); user != "" {
		fmt.Fprintf(&b, "User %s\nGroup %s\n", user, group)
	}
	fmt.Fprintf(&b, "DefaultRuntimeDir %q\nPidFile %q\nErrorLog %q\nLogLevel warn\n", dir, dir+"/apache2.pid", dir+"/"+logFile)
	b.WriteString("ServerName localhost\nTypesConfig " + types() + "\n")
	b.WriteString("<IfModule mpm_event_module>\n    StartServers 1\n    MinSpareThreads 1\n</IfModule>\n")
	b.WriteString("<Directory />\n    Options FollowSymLinks\n    AllowOverride None\n    Require all denied\n</Directory>\n")
	fmt.Fprintf(&b, "Include %q\n", filepath.Join(dir, siteFile))
	return b.String()
}
