package caddy

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/internal/servertest"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// tell writes offers, one a line.
func tell(o server.Offers) string {
	var b strings.Builder
	for _, w := range o.Ways {
		fmt.Fprintf(&b, "in %s %s: %s %s asked for %q, line %d\n", w.Listen, w.URL, w.App.Protocol, w.App.Address, w.Path, w.Location.Line)
		for _, out := range o.Outs {
			if out.Scope == w.Scope {
				fmt.Fprintf(&b, "  out %s: %s, line %d %s\n", out.Name, out.Sendfile, out.Location.Line, out.Header)
			}
		}
	}
	return b.String()
}

func sandboxSource(text string) conf.Source {
	return conf.Source{Roots: []string{"/etc/caddy/Caddyfile"}, Files: []conf.File{{Path: "/etc/caddy/Caddyfile", Text: text}}}
}

// entered is a temporary folder that Caddy's user may enter.
func entered(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, d := range []string{filepath.Dir(dir), dir} {
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func options(dir string) server.SandboxOptions {
	return server.SandboxOptions{
		Dir: dir, Root: filepath.Join(dir, "root"),
		StandIn: func(app server.App) (string, error) {
			if strings.HasPrefix(app.Address, "unix:") {
				return "unix:/stand/in/" + app.Protocol, nil
			}
			return "127.0.0.1:9", nil
		},
		Certificate: func() (cert, key string, err error) {
			cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
			return cert, key, errors.Join(os.WriteFile(cert, []byte("CERT"), 0o600), os.WriteFile(key, []byte("KEY"), 0o600))
		},
	}
}

// TestSandbox: NAME/conf of testdata/sandbox.txtar is a configuration,
// NAME/offers what it offers, NAME/copy the Caddyfile that becomes of it,
// NAME/json what Caddy is started with, and NAME/changes what is told of that,
// with the files that are made.
func TestSandbox(t *testing.T) {
	program := need.Server(t, program)
	servertest.Golden(t, "testdata/sandbox.txtar", func(file string, files map[string]string) string {
		name, part, _ := strings.Cut(file, "/")
		s := sandboxSource(files[name+"/conf"])
		dir := entered(t)
		w := newRewriting(s, options(dir))
		got := files[file]
		switch part {
		case "offers":
			got = tell(trials{}.Offers(s))
		case "copy":
			got = strings.ReplaceAll(w.print().text.String(), dir, "DIR")
		case "json", "changes":
			if err := errors.Join(w.scripts(offersOf(s).scripts), w.listen()); err != nil {
				t.Fatal(err)
			}
			config, err := w.adapted(t.Context(), program)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			text, err := w.sandboxed(config, dir)
			if err != nil {
				t.Fatal(err)
			}
			if got = changesOf(w, dir); part == "json" {
				got = anonymous(string(text), dir, w) + "\n"
			}
		}
		return got
	})
}

// anonymous puts names into the place of what is another thing each time.
func anonymous(text, dir string, w *rewriting) string {
	for i, s := range w.sockets {
		text = strings.ReplaceAll(text, s.addr, fmt.Sprintf("ADDRESS%d", i))
	}
	return strings.ReplaceAll(text, dir, "DIR")
}

func changesOf(w *rewriting, dir string) string {
	var b strings.Builder
	for _, p := range w.changes {
		fmt.Fprintln(&b, p)
	}
	_ = filepath.WalkDir(filepath.Join(dir, "root"), func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			fmt.Fprintln(&b, "file", strings.TrimPrefix(name, dir))
		}
		return nil
	})
	return b.String()
}

func TestRefusal(t *testing.T) {
	need.Server(t, program)
	for text, want := range map[string]string{
		":80 {\n\tfile_servr\n}\n": "Caddyfile:2:2: Caddy 2",
		":80 {\n\tredir\n}\n":      "Caddyfile:2:2: Caddy 2",
		":80 {\n\treverse_proxy app:80 {\n\t\tlb_policy nonsense\n\t}\n}\n":            "Caddyfile:3:3: Caddy 2",
		"http://x.example {\n\tgzip\n\tproxy / app:80\n}\n":                            "written for Caddy 1",
		":80 {\n\tencode nosuch\n}\n":                                                  "Caddyfile:2:2: Caddy 2",
		":80 {\n\treverse_proxy app:80 {\n\t\theader_up X \"a`b\n c\" d e f\n\t}\n}\n": "Caddyfile:3:3: Caddy 2",
	} {
		dir := entered(t)
		box, err := trials{}.Start(t.Context(), sandboxSource(text), options(dir))
		if err == nil {
			_ = box.Stop()
		}
		var refused *conf.Error
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), dir) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestQuoted: a word is read as it was.
func TestQuoted(t *testing.T) {
	for _, text := range []string{"", "a", "a b", `"a"`, "`", "{", "}", "#a", "a#b", `a\`, "<<X", "a\nb", "{http.x}", `say "no"`} {
		list, problem := tokens("f", quoted(text), noEnv)
		if problem != nil || len(list) != 1 || list[0].text != text {
			t.Errorf("%q written as %s is read as %v, %v", text, quoted(text), list, problem)
		}
	}
}
