package lighttpd

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
		{words: []string{"lighttpd-angel", "-f", "/a"}, other: true},
		{words: nil, other: true},
		{words: []string{"/usr/sbin/lighttpd", "-D", "-f", "/etc/lighttpd/lighttpd.conf"}, file: "/etc/lighttpd/lighttpd.conf"},
		{words: []string{"lighttpd", "-Df", "a.conf"}, cwd: "/srv", file: "/srv/a.conf"},
		{words: []string{"lighttpd", "-f", "a.conf"}},
		{words: []string{"lighttpd"}},
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
