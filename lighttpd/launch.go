package lighttpd

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/proc"
)

// taken is what lighttpd prints where it cannot listen on an address
// (network.c, network_server_init).
const taken = "can't bind to socket"

// grace is how long lighttpd may take to end. It ends at once on SIGTERM.
const grace = 500 * time.Millisecond

// Launch starts the real lighttpd, 1.4.46 or newer, on a free address of
// 127.0.0.0/8.
//
// lighttpd inherits sockets as systemd's units do, for which it wants its own
// process id in LISTEN_PID: nobody knows that before it is started. So it is
// given an address that is free now, and another one where somebody else was
// faster. With -D it stays the process that was started (lighttpd(8)). It is
// one process, and it is started as the user that it would become: the kernel
// forgets to end a process with its parent that becomes another user by itself
// (prctl(2), PR_SET_PDEATHSIG).
func Launch(ctx context.Context, o server.LaunchOptions) (server.Process, error) {
	path, err := proc.Program(o.Binary, program)
	if err != nil {
		return nil, err
	}
	p, err := proc.OnFreeAddr(taken, func(addr string) (*proc.Process, error) {
		user, group := proc.WorkerUser("www-data", "lighttpd", "nobody")
		dir, err := prepare(o.Site(addr), user, group)
		if err != nil {
			return nil, err
		}
		return proc.Start(ctx, proc.Options{
			Name:         "lighttpd",
			Path:         path,
			Args:         []string{"-D", "-f", filepath.Join(dir, mainFile)},
			User:         user,
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
	mainFile = "lighttpd.conf" // what stands around the site
	siteFile = "site.conf"     // the site, as given
	logFile  = "error.log"
)

// prepare makes a scratch folder that holds the configuration.
func prepare(site, user, group string) (dir string, err error) {
	dir, err = proc.ScratchOf("lighttpd", user)
	if err != nil {
		return "", err
	}
	return dir, proc.Write(dir, "lighttpd", map[string]string{mainFile: around(dir, user, group), siteFile: site})
}

// around is the main configuration file: what a distribution's lighttpd.conf
// holds outside the site's own file, as little as possible of it, with every
// path in dir. lighttpd always listens on server.bind, so that is a socket in
// dir; the site says where it listens itself. The options of
// server.http-parseopts are Debian's.
func around(dir, user, group string) string {
	var b strings.Builder
	b.WriteString("server.modules = ( \"mod_indexfile\", \"mod_access\", \"mod_alias\", \"mod_redirect\" )\n")
	fmt.Fprintf(&b, "server.document-root = %q\nserver.upload-dirs = ( %q )\n", dir+"/pages", dir)
	fmt.Fprintf(&b, "server.errorlog = %q\nserver.pid-file = %q\nserver.bind = %q\n", dir+"/"+logFile, dir+"/lighttpd.pid", dir+"/main.sock")
	if user != "" {
		fmt.Fprintf(&b, "server.username = %q\nserver.groupname = %q\n", user, group)
	}
	b.WriteString("server.http-parseopts = (\n" +
		"\t\"url-normalize-unreserved\" => \"enable\", \"url-normalize-required\" => \"enable\", \"url-ctrls-reject\" => \"enable\",\n" +
		"\t\"url-path-2f-decode\" => \"enable\", \"url-path-dotseg-remove\" => \"enable\"\n)\n")
	b.WriteString("index-file.names = ( \"index.html\" )\n" +
		"mimetype.assign = ( \".html\" => \"text/html\", \".txt\" => \"text/plain\", \".pdf\" => \"application/pdf\" )\n")
	fmt.Fprintf(&b, "include %q\n", filepath.Join(dir, siteFile))
	return b.String()
}
