package nginx

import (
	"testing"

	"github.com/proxydiag/proxydiag/pkg/server"
)

func TestFinder(t *testing.T) {
	const debian = "built with OpenSSL\nconfigure arguments: --with-cc-opt='-g -O2' --prefix=/usr/share/nginx --conf-path=/etc/nginx/nginx.conf --http-log-path=/x"
	const own = "configure arguments: --with-http_ssl_module"
	for _, c := range []struct {
		words      []string
		cwd, built string
		worker     bool
		file       string
	}{
		{words: []string{"nginx: worker process"}, worker: true},
		{words: []string{"nginx-exporter", "-c", "/a"}, worker: true},
		{words: nil, worker: true},
		{words: []string{"nginx: master process /usr/sbin/nginx -g daemon on; master_process on;"}, built: debian, file: "/etc/nginx/nginx.conf"},
		{words: []string{"nginx: master process nginx"}, built: own, file: "/usr/local/nginx/conf/nginx.conf"},
		{words: []string{"nginx: master process nginx -c /srv/a.conf"}, file: "/srv/a.conf"},
		{words: []string{"/usr/sbin/nginx", "-g", "daemon off;", "-c/srv/b.conf"}, file: "/srv/b.conf"},
		{words: []string{"nginx", "-p", "/srv/site/", "-c", "conf/c.conf"}, file: "/srv/site/conf/c.conf"},
		{words: []string{"nginx", "-p", "."}, cwd: "/srv/d", built: own, file: "/srv/d/conf/nginx.conf"},
		{words: []string{"nginx", "-p", "/srv/e"}, built: debian, file: "/etc/nginx/nginx.conf"},
		{words: []string{"nginx", "-p", "."}, built: own},
		{words: []string{"nginx", "-c", "f.conf"}, built: own, file: "/usr/local/nginx/f.conf"},
		{words: []string{"nginx", "-c", "f.conf"}},
		{words: []string{"nginx"}},
	} {
		args, ok := finder.Process(c.words)
		if ok == c.worker {
			t.Errorf("%q: %v", c.words, ok)
		}
		if !ok {
			continue
		}
		file, why := finder.Uses(server.Started{Args: args, Folder: c.cwd, Tell: func(...string) string { return c.built }})
		if file != c.file || why == "" {
			t.Errorf("%q: %q, %s; want %q", c.words, file, why, c.file)
		}
	}
}
