package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/nginx"
)

// TestGateRefused shows what is said of configurations with which nginx does not
// start: its own message, the line of the file that the user wrote, and what to do.
func TestGateRefused(t *testing.T) {
	t.Parallel()
	need.Server(t, nginx.Kind.Program)
	binary := build(t)
	const advice = "proxydiag: nothing was tried, for the nginx that is installed here does not start with it. " +
		"Correct what is shown, or run gate where nginx has the version and modules of the machine that this is for.\n"
	const server = "server {\n    listen 80;\n    location / {\n        proxy_pass http://127.0.0.1:8000;\n        include proxy.inc;\n    }\n" +
		"    location /protected/ { internal; alias /srv/files/; }\n}\n"
	type testCase struct {
		name  string
		files map[string]string
		run   string // the file that is given
		want  string
	}
	// mainFile is a main file with something wrong in it, at a line and column.
	mainFile := func(top, events, http string, line, column int, says string) testCase {
		text := top + "\n" + events + "\nhttp { " + http + "\n" + strings.Replace(server, "include proxy.inc;", "", 1) + "}\n"
		return testCase{name: top + events + http, files: map[string]string{"nginx.conf": text}, run: "nginx.conf",
			want: fmt.Sprintf("proxydiag: nginx.conf:%d:%d: nginx refuses the configuration: %s\n%d | %s\n  | %s^\n",
				line, column, says, line, strings.Split(text, "\n")[line-1], strings.Repeat(" ", column-1))}
	}
	for _, c := range []testCase{
		{
			name: "a main file", run: "nginx.conf",
			files: map[string]string{"nginx.conf": "events {}\nhttp {\n    proxy_cache_path /var/cache/a keys_zone=a:10;\n    " + server + "}\n", "proxy.inc": "proxy_redirect off;\n"},
			want: "proxydiag: nginx.conf:3:5: nginx refuses the configuration: keys zone \"keys_zone=a:10\" is too small\n" +
				"3 |     proxy_cache_path /var/cache/a keys_zone=a:10;\n  |     ^\n",
		},
		{
			name: "an included file of a main file", run: "nginx.conf",
			files: map[string]string{"nginx.conf": "events {}\nhttp {\n    include sites/*.conf;\n}\n", "sites/files.conf": server, "proxy.inc": "# fields\nproxy_http_version 2;\n"},
			want: "proxydiag: proxy.inc:2:1: nginx refuses the configuration: invalid value \"2\"\n" +
				"2 | proxy_http_version 2;\n  | ^\n",
		},
		{
			name: "a fragment", run: "site.conf",
			files: map[string]string{"site.conf": strings.Replace(server, "proxy_pass", "proxi_pass", 1), "proxy.inc": ""},
			want: "proxydiag: site.conf:4:9: nginx refuses the configuration: unknown directive \"proxi_pass\"; is it misspelt, or of a module that this nginx has not?\n" +
				"4 |         proxi_pass http://127.0.0.1:8000;\n  |         ^\n",
		},
		{
			name: "an included file of a fragment", run: "site.conf",
			files: map[string]string{"site.conf": server, "proxy.inc": "proxy_buffers 8 1k;\nproxy_buffer_size 4k;\nproxy_busy_buffers_size 64k;\n"},
			want: "proxydiag: proxy.inc:3:1: nginx refuses the configuration: \"proxy_busy_buffers_size\" must be less than the size of all \"proxy_buffers\" minus one buffer\n" +
				"3 | proxy_busy_buffers_size 64k;\n  | ^\n",
		},
		mainFile("worker_proceses 4;", "events {}", "", 1, 1, `unknown directive "worker_proceses"; is it misspelt, or of a module that this nginx has not?`),
		mainFile("worker_processes abc;", "events {}", "", 1, 1, `"worker_processes" directive invalid value`),
		mainFile("worker_processes auto;", "events { bogus on; }", "", 2, 10, `unknown directive "bogus"; is it misspelt, or of a module that this nginx has not?`),
		mainFile("", "events { worker_connections many; }", "", 2, 10, `invalid number "many"`),
		mainFile("", "events {}", "access_log /var/log/x nofmt;", 3, 8, `unknown log format "nofmt"`),
		mainFile("", "events {}", "limit_req zone=nope;", 3, 8, `zero size shared memory zone "nope"`),
		mainFile("", "events {}", "proxy_ssl_nonsense on;", 3, 8, `unknown directive "proxy_ssl_nonsense"; is it misspelt, or of a module that this nginx has not?`),
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			for name, text := range c.files {
				if err := os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o755); err != nil {
					t.Fatal(err)
				}
				write(t, filepath.Join(folder, name), text)
			}
			cmd := exec.Command(binary, "gate", c.run)
			cmd.Dir = folder
			var told strings.Builder
			cmd.Stderr = &told
			out, err := cmd.Output()
			if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 3 {
				t.Errorf("%v, want status 3", err)
			}
			if diff := cmp.Diff(c.want+advice, told.String()); diff != "" {
				t.Errorf("stderr (-want +got):\n%s", diff)
			}
			if len(out) > 0 {
				t.Errorf("stdout: %s", out)
			}
		})
	}
}
