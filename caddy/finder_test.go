package caddy

import (
	"testing"

	"github.com/proxydiag/proxydiag/pkg/server"
)

func TestFinder(t *testing.T) {
	for _, c := range []struct {
		words     []string
		cwd, file string
		other     bool
	}{
		{words: []string{"caddy", "file-server"}, other: true},
		{words: []string{"caddy"}, other: true},
		{words: []string{"/usr/bin/caddy", "run", "--environ", "--config", "/etc/caddy/Caddyfile"}, file: "/etc/caddy/Caddyfile"},
		{words: []string{"caddy", "run", "--config=site", "--adapter", "caddyfile"}, cwd: "/srv", file: "/srv/site"},
		{words: []string{"caddy", "run"}, cwd: "/srv", file: "/srv/Caddyfile"},
		{words: []string{"caddy", "run"}},
		{words: []string{"caddy", "run", "--resume", "--config", "/a"}},
	} {
		args, ok := finder.Process(c.words)
		if ok == c.other {
			t.Errorf("%q: %v", c.words, ok)
		}
		if !ok {
			continue
		}
		if file, why := finder.Uses(server.Started{Args: args, Folder: c.cwd}); file != c.file || why == "" {
			t.Errorf("%q: %q, %s; want %q", c.words, file, why, c.file)
		}
	}
}
