package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// TestInit: what init writes for a healthy sample is enough to check the real
// server, which is healthy.
func TestInit(t *testing.T) {
	binary := build(t)
	for _, k := range all.Kinds() {
		for _, s := range k.Samples {
			t.Run(k.Name+"/"+s.Name, func(t *testing.T) {
				t.Parallel()
				st := start(t, k, s, freeAddr(t), storage(t), nil)
				dir := t.TempDir()
				write(t, filepath.Join(dir, "site.conf"), st.Sample.Text)
				proxydiag(t, binary, dir, "init", "site.conf")
				healthyCheck(t, binary, dir)
			})
		}
	}
}

// bareSites hand no downloads over. What answers in the last one stands in no
// block, and its last line has no end.
var bareSites = map[string][]string{
	"nginx": {`server {
    listen 127.0.0.1:8080;
    server_name downloads.example.org
                www.example.org;
    location / {
        proxy_pass http://127.0.0.1:8000;
    }
    location ~ \.(bin|pdf)$ {
        return 404;
    }
}
`},
	"apache": {`Listen 127.0.0.1:8080
<VirtualHost 127.0.0.1:8080>
    ServerName downloads.example.org
    ProxyPass / http://127.0.0.1:8000/
</VirtualHost>
`, "Listen 127.0.0.1:8080\nServerName downloads.example.org\nProxyPass / http://127.0.0.1:8000/"},
	"caddy": {`http://127.0.0.1:8080 {
	reverse_proxy 127.0.0.1:8000
}
`},
	"lighttpd": {`server.modules += ( "mod_proxy" )
$SERVER["socket"] == "127.0.0.1:8080" {
    proxy.server = ( "" => ( ( "host" => "127.0.0.1", "port" => 8000 ) ) )
}
`},
}

// TestInitAdds: with the lines that init shows the configuration hands over,
// and the real server is healthy.
func TestInitAdds(t *testing.T) {
	binary := build(t)
	patch := need.Server(t, "patch")
	for _, k := range all.Kinds() {
		if len(bareSites[k.Name]) == 0 && k.Snippet.Text != "" {
			t.Errorf("%s has a snippet, and no site here to add it to", k.Title)
		}
		for i, text := range bareSites[k.Name] {
			t.Run(fmt.Sprint(k.Name, i+1), func(t *testing.T) {
				t.Parallel()
				need.Server(t, k.Program)
				media, dir := storage(t), t.TempDir()
				conf := filepath.Join(dir, "site.conf")
				var before string
				start(t, k, server.Sample{Text: text, Between: k.Snippet.Between, Storage: media}, freeAddr(t), media, func(text string) string {
					before = text
					write(t, conf, text)
					diff := proxydiag(t, binary, dir, "init", "site.conf", "--storage", media, "--diff")
					cmd := exec.Command(patch, "-p0", "site.conf")
					_, diff, _ = strings.Cut(diff, "diff site.conf site.conf\n")
					cmd.Dir, cmd.Stdin = dir, strings.NewReader(diff)
					if out, err := cmd.CombinedOutput(); err != nil {
						t.Errorf("%v: %s\n%s", err, out, diff)
					}
					patched, err := os.ReadFile(conf)
					if err != nil || string(patched) == text {
						t.Errorf("nothing is added: %v", err)
					}
					return string(patched)
				})
				patched, _ := os.ReadFile(conf)
				write(t, conf, before)
				proxydiag(t, binary, dir, "init", "site.conf", "--storage", media)
				write(t, conf, string(patched))
				healthyCheck(t, binary, dir)
			})
		}
	}
}

// TestInitRunning: without a configuration init finds the one that a running
// server uses; of several it names this one among the others.
func TestInitRunning(t *testing.T) {
	binary := build(t)
	for _, k := range all.Kinds() {
		t.Run(k.Name, func(t *testing.T) {
			t.Parallel()
			st := start(t, k, k.Samples[0], freeAddr(t), storage(t), nil)
			_, port, _ := strings.Cut(st.Proxy.Addr(), ":")
			cmd := exec.Command(binary, "init", "--server", k.Name, "--diff")
			cmd.Dir = t.TempDir()
			out, err := cmd.CombinedOutput()
			taken := slices.ContainsFunc(regexp.MustCompile(`(?:taking|one of them:|;) (/[^ :]+)`).FindAllStringSubmatch(string(out), -1), func(m []string) bool {
				source, err := k.Load(m[1], nil)
				return err == nil && slices.ContainsFunc(source.Files, func(f conf.File) bool { return strings.Contains(f.Text, port) })
			})
			if !taken {
				t.Errorf("the server on port %s is not found: %v\n%s", port, err, out)
			}
		})
	}
}

// healthyCheck checks what proxydiag.yaml in a folder says.
func healthyCheck(t *testing.T, binary, dir string) {
	t.Helper()
	if report := proxydiag(t, binary, dir, "check", "--all", "--companion"); !strings.Contains(report, "healthy:") {
		t.Errorf("%s", report)
	}
}

// proxydiag runs a command in a folder, which has to succeed.
func proxydiag(t *testing.T, binary, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command(binary, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		yaml, _ := os.ReadFile(filepath.Join(dir, "proxydiag.yaml"))
		t.Fatalf("proxydiag %s: %v\n%s%s", strings.Join(args, " "), err, out, yaml)
	}
	return string(out)
}

// freeAddr is an address that nothing listens on.
func freeAddr(t *testing.T) string {
	t.Helper()
	l := listen(t)
	defer l.Close()
	return l.Addr().String()
}
