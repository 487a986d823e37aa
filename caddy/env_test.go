package caddy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// given parses a Caddyfile with an environment.
func given(t *testing.T, text string, env map[string]string) (*Config, conf.Source) {
	t.Helper()
	file := filepath.Join(t.TempDir(), mainFile)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Load(file, LoadOptions{Env: lookIn(env)})
	if err != nil {
		t.Fatal(err)
	}
	c, err := Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return c, s
}

// TestUnsetVariables has variables that only Caddy's own environment may have:
// what depends on them is not decided, whatever their default.
func TestUnsetVariables(t *testing.T) {
	for _, text := range []string{
		"http://a.example.org {\n\thandle_path {$P:/dl}/* {\n\t\treverse_proxy 127.0.0.1:8000\n\t}\n}\n",
		"http://a.example.org {\n\thandle {$P} {\n\t\trespond x\n\t}\n}\n",
		"http://a.example.org {\n\troot * {$M:/srv/media}\n\tfile_server\n}\n",
		"http://a.example.org {\n\tfile_server {\n\t\troot {$M}\n\t}\n}\n",
		"http://a.example.org {\n\turi strip_prefix {$P}\n\treverse_proxy 127.0.0.1:8000\n}\n",
		"http://a.example.org {\n\t@m method {$M:GET}\n\trespond @m x\n}\n",
		"http://a.example.org {\n\t{$MORE}\n\trespond x\n}\n",
		"{$SITE:http://a.example.org} {\n\trespond x\n}\n",
		"{$MORE}\n:{$PORT:80} {\n\trespond x\n}\n",
		"http://{$SITE:a.example.org} {\n\trespond x\n}\n",
	} {
		c, _ := given(t, text, nil)
		got := NewRouter(c, RouterOptions{}).Route(route.Request{Host: "a.example.org", URI: "/dl/x"})
		if got.Outcome != route.Undecided || !strings.Contains(got.Undecided, "of Caddy's environment") {
			t.Errorf("%s\n%s %q", text, got.Outcome, got.Undecided)
		}
	}
	c, _ := given(t, "http://a.example.org {\n\treverse_proxy {$BE:127.0.0.1:9}\n}\n", nil)
	got := NewRouter(c, RouterOptions{}).Route(route.Request{Host: "a.example.org", URI: "/dl/x"})
	if got.Upstream == nil || got.Upstream.Unknown == "" || len(got.Upstream.Peers) > 0 {
		t.Errorf("upstream %+v", got.Upstream)
	}
}

// TestEnvironmentKept has of the environment only what decides where a request
// goes.
func TestEnvironmentKept(t *testing.T) {
	text := "http://{$HOST} {\n\troot * {$MEDIA}\n\trespond /x {$BODY}\n\treverse_proxy {$BE} {\n\t\theader_up Authorization \"Bearer {$PDTOK}\"\n\t\theader_up X-B {$BOTH}\n\t}\n\thandle {$BOTH} {\n\t}\n\thandle_path {$API_TOKEN}/* {\n\t}\n\timport up {$PASSED} {$DIR}\n}\n"
	snippet := "(up) {\n\theader X {args.0}\n\troot {args.1}\n}\n"
	_, s := given(t, snippet+text, map[string]string{
		"HOST": "a.example.org", "MEDIA": "/srv/media", "BE": "127.0.0.1:8000", "DIR": "/srv/dir",
		"BODY": "hunter2", "PDTOK": "hunter2", "BOTH": "hunter2", "API_TOKEN": "hunter2", "PASSED": "hunter2",
	})
	f, _ := s.File(envFile)
	if want := "BE=127.0.0.1:8000\nDIR=/srv/dir\nHOST=a.example.org\nMEDIA=/srv/media\n"; f.Text != want {
		t.Errorf("kept:\n%s", f.Text)
	}
}
