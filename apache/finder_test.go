package apache

import (
	"testing"

	"github.com/proxydiag/proxydiag/pkg/server"
)

func TestFinder(t *testing.T) {
	const debian = "AH00534: apache2: Configuration error: No MPM loaded.\n -D HTTPD_ROOT=\"/etc/apache2\"\n -D SERVER_CONFIG_FILE=\"apache2.conf\"\n"
	for _, c := range []struct {
		words       []string
		built, file string
		other       bool
	}{
		{words: []string{"apache2ctl"}, other: true},
		{words: nil, other: true},
		{words: []string{"/usr/sbin/apache2", "-k", "start"}, built: debian, file: "/etc/apache2/apache2.conf"},
		{words: []string{"httpd", "-DFOREGROUND", "-f", "/srv/a.conf"}, file: "/srv/a.conf"},
		{words: []string{"httpd", "-D", "-f", "-d", "/srv/web", "-f", "conf/b.conf"}, file: "/srv/web/conf/b.conf"},
		{words: []string{"httpd", "-f", "c.conf"}, built: debian, file: "/etc/apache2/c.conf"},
		{words: []string{"httpd", "-d", "/srv/web"}, built: debian, file: "/srv/web/apache2.conf"},
		{words: []string{"httpd", "-f", "c.conf"}},
		{words: []string{"httpd"}},
	} {
		args, ok := finder.Process(c.words)
		if ok == c.other {
			t.Errorf("%q: %v", c.words, ok)
		}
		if !ok {
			continue
		}
		file, why := finder.Uses(server.Started{Args: args, Tell: func(...string) string { return c.built }})
		if file != c.file || why == "" {
			t.Errorf("%q: %q, %s; want %q", c.words, file, why, c.file)
		}
	}
}
