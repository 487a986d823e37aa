package caddy

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/proc"
)

// taken is what Caddy prints where it cannot listen on an address.
const taken = "address already in use"

// grace is how long Caddy may take to end. It waits for requests that are
// under way, which nobody waits for any more.
const grace = 500 * time.Millisecond

// Launch starts the real Caddy, 2.4 or newer, on a free address of
// 127.0.0.0/8. It has no administration endpoint, does not touch the
// certificates, keys and settings that Caddy keeps in a user's home, and asks
// for no certificate: all it writes lies in its scratch folder.
func Launch(ctx context.Context, o server.LaunchOptions) (server.Process, error) {
	path, err := proc.Program(o.Binary, program)
	if err != nil {
		return nil, err
	}
	p, err := proc.OnFreeAddr(taken, func(addr string) (*proc.Process, error) { return launch(ctx, path, addr, o) })
	if err != nil {
		return nil, err
	}
	return p, nil
}

// launch tries one address.
func launch(ctx context.Context, binary, addr string, o server.LaunchOptions) (*proc.Process, error) {
	user, _ := proc.WorkerUser("caddy", "www-data", "nobody")
	dir, adapter, err := prepare(o.Site(addr), addr, user)
	if err != nil {
		return nil, err
	}
	args := []string{"run", "--config", filepath.Join(dir, mainFile), "--pidfile", filepath.Join(dir, pidFile)}
	if adapter != "" {
		args = append(args, "--adapter", adapter)
	}
	p, err := proc.Start(ctx, proc.Options{
		Name:         "Caddy",
		Path:         binary,
		Args:         args,
		Env:          []string{"HOME=" + dir, "XDG_CONFIG_HOME=" + dir, "XDG_DATA_HOME=" + dir},
		Dir:          dir,
		User:         user,
		ErrorLog:     filepath.Join(dir, logFile),
		Addr:         addr,
		StartTimeout: o.StartTimeout,
		Grace:        grace,
	})
	if err != nil {
		return nil, err
	}
	waitFor(ctx, filepath.Join(dir, pidFile))
	return p, nil
}

// waitFor waits a moment for a file: Caddy answers before it writes its process
// id.
func waitFor(ctx context.Context, path string) {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	for ctx.Err() == nil {
		if _, err := os.Stat(path); err == nil {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(time.Millisecond):
		}
	}
}

// The files in the scratch folder.
const (
	mainFile = "Caddyfile" // what stands around the site, or the site with that in it
	siteFile = "site.conf" // the site, as given
	logFile  = "error.log"
	pidFile  = "caddy.pid"
)

// prepare makes a scratch folder of the user's that holds the configuration of a
// server at addr, and says by which adapter it is read, "" for JSON.
func prepare(site, addr, user string) (dir, adapter string, err error) {
	dir, err = proc.ScratchOf("caddy", user)
	if err != nil {
		return "", "", err
	}
	log := filepath.Join(dir, logFile)
	options := optionLines(addr, log)
	files := map[string]string{}
	switch head, rest, own := globalOptions(site); {
	case json.Valid([]byte(site)):
		files[mainFile] = aroundJSON(site, log)
	case own:
		files[mainFile], adapter = head+options+rest, adapterName
	default:
		files[mainFile], adapter = "{"+options+"\n}\nimport "+siteFile+"\n", adapterName
		files[siteFile] = site
	}
	return dir, adapter, proc.Write(dir, "Caddy", files)
}

// adapterName is the adapter for Caddyfiles.
const adapterName = "caddyfile"

// optionLines are the global options that keep Caddy to its scratch folder and
// its address. The host of a site's address is none that Caddy listens on: it
// would take the port of every address of this machine, and share it with
// whoever does the same.
func optionLines(addr, log string) string {
	host, _, _ := net.SplitHostPort(addr)
	return fmt.Sprintf("\n\tadmin off\n\tauto_https off\n\tdefault_bind %s\n\tlog {\n\t\toutput file %q\n\t\tlevel WARN\n\t}", host, log)
}

// globalOptions cuts a Caddyfile behind the brace that opens its global
// options, where it has some: nothing but comments stands before it.
func globalOptions(text string) (head, rest string, ok bool) {
	at := 0
	for line := range strings.Lines(text) {
		switch trimmed := strings.TrimSpace(line); {
		case trimmed == "{":
			at += strings.IndexByte(line, '{') + 1
			return text[:at], text[at:], true
		case trimmed != "" && trimmed[0] != '#':
			return "", "", false
		}
		at += len(line)
	}
	return "", "", false
}

// aroundJSON puts the options into a configuration that is JSON, each where the
// configuration does not say it itself.
func aroundJSON(site, log string) string {
	var own map[string]json.RawMessage
	if json.Unmarshal([]byte(site), &own) != nil {
		return site
	}
	var b strings.Builder
	for _, o := range []struct{ name, value string }{
		{"admin", `{"disabled": true}`},
		{"logging", fmt.Sprintf(`{"logs": {"default": {"level": "WARN", "writer": {"output": "file", "filename": %q}}}}`, log)},
	} {
		if _, given := own[o.name]; !given {
			fmt.Fprintf(&b, "%q: %s, ", o.name, o.value)
		}
	}
	options := b.String()
	if len(own) == 0 {
		options = strings.TrimSuffix(options, ", ")
	}
	at := strings.IndexByte(site, '{') + 1
	return site[:at] + options + site[at:]
}
