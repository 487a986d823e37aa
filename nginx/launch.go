package nginx

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/proc"
)

// Launch starts the real nginx, 1.9.1 or newer, on a free port of 127.0.0.1.
//
// The listening socket is made here and inherited by nginx, as in an upgrade
// of its binary: the environment variable NGINX lists the descriptors, and a
// `listen` directive with the socket's address takes it over (nginx,
// ngx_add_inherited_sockets; https://nginx.org/en/docs/control.html). So
// there is no race for a port, and nginx stays in the foreground whatever its
// `daemon` directive says.
func Launch(ctx context.Context, o server.LaunchOptions) (server.Process, error) {
	path, err := proc.Program(o.Binary, program)
	if err != nil {
		return nil, err
	}
	listener, err := net.ListenTCP("tcp4", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, fmt.Errorf("cannot listen for nginx: %w", err)
	}
	addr := listener.Addr().String()
	dir, err := prepare(o.Site(addr))
	if err != nil {
		return nil, errors.Join(err, listener.Close())
	}
	p, err := proc.Start(ctx, proc.Options{
		Name:         "nginx",
		Path:         path,
		Args:         []string{"-p", dir, "-c", filepath.Join(dir, mainFile)},
		Env:          []string{"NGINX=3;"},
		Dir:          dir,
		ErrorLog:     filepath.Join(dir, logFile),
		Addr:         addr,
		Listeners:    []*net.TCPListener{listener},
		StartTimeout: o.StartTimeout,
	})
	if err != nil {
		return nil, err
	}
	return p, nil
}

// The files in the scratch folder.
const (
	mainFile = "nginx.conf" // what stands around the site
	siteFile = "site.conf"  // the site, as given
	logFile  = "error.log"
)

// prepare makes a scratch folder that holds the configuration.
func prepare(site string) (dir string, err error) {
	dir, err = proc.Scratch("nginx")
	if err != nil {
		return "", err
	}
	return dir, proc.Write(dir, "nginx", map[string]string{mainFile: around(dir), siteFile: site})
}

// around is the main configuration file: what a distribution's nginx.conf
// holds outside the site's own file, as little as possible of it, with every
// path in dir. The temporary paths are named because their defaults can be
// written by root alone.
func around(dir string) string {
	var b strings.Builder
	if user, group := proc.WorkerUser("www-data", "nginx", "nobody"); user != "" {
		fmt.Fprintf(&b, "user %s %s;\n", user, group)
	}
	fmt.Fprintf(&b, "worker_processes 1;\npid %q;\nerror_log %q warn;\nevents {}\nhttp {\n", dir+"/nginx.pid", dir+"/"+logFile)
	for _, use := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&b, "    %s_temp_path %q;\n", use, filepath.Join(dir, use))
	}
	fmt.Fprintf(&b, "    access_log off;\n    sendfile on;\n    include %q;\n}\n", siteFile)
	return b.String()
}
