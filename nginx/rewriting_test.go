package nginx

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
	"github.com/proxydiag/proxydiag/pkg/server"
)

var update = flag.Bool("update", os.Getenv("UPDATE_GOLDEN") != "", "write the expected copies and offers anew")

// standIns gives names that tell what stands there.
func standIns(asked *[]server.App) func(server.App) (string, error) {
	return func(app server.App) (string, error) {
		i := slices.Index(*asked, app)
		if i < 0 {
			i = len(*asked)
			*asked = append(*asked, app)
		}
		if strings.HasPrefix(app.Address, "unix:") {
			return fmt.Sprintf("unix:/box/app%d", i), nil
		}
		return fmt.Sprintf("127.0.0.1:%d", 60001+i), nil
	}
}

// copyFor is the copy of a configuration for a sandbox in /box, with the
// listening addresses by number.
func copyFor(t *testing.T, file string, root string) (text string, w *rewriting) {
	t.Helper()
	source, err := Load(file, load.Options{})
	if err != nil {
		t.Fatal(err)
	}
	source, _ = trials{}.Complete(source)
	c, err := Parse(source)
	if err := untriable(err, server.SandboxOptions{}); err != nil {
		t.Fatal(err)
	}
	var asked []server.App
	w = newRewriting(c, server.SandboxOptions{
		Dir: t.TempDir(), Root: root, StandIn: standIns(&asked),
		Certificate: func() (string, string, error) { return "/box/cert.pem", "/box/key.pem", nil },
	})
	t.Cleanup(w.close)
	w.supply()
	printed, err := w.print()
	if err != nil {
		t.Fatal(err)
	}
	text = strings.ReplaceAll(printed.text.String(), w.o.Dir, "/box")
	text = strings.ReplaceAll(text, w.dirMark, "/box/nginx")
	for i, s := range w.sockets {
		text = strings.ReplaceAll(text, s.addr, fmt.Sprintf("127.9.9.%d:80", i+1))
	}
	return text, w
}

// TestRewriting compares copies with those that were read and found right.
func TestRewriting(t *testing.T) {
	files, err := filepath.Glob("testdata/sandbox/*.conf")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, w := copyFor(t, file, t.TempDir())
			text = strings.ReplaceAll(text, w.o.Root, "/box/root")
			_, text, _ = strings.Cut(text, "pid /box") // the user depends on who we are
			var changes strings.Builder
			for _, p := range w.changes {
				fmt.Fprintf(&changes, "# %d: %s\n", p.Pos.Line, p.Message)
			}
			golden(t, strings.TrimSuffix(file, ".conf")+".copy", "pid /box"+text+changes.String())
		})
	}
}

// TestOffers compares the ways in and out.
func TestOffers(t *testing.T) {
	files, err := filepath.Glob("testdata/sandbox/*.conf")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			source, err := Load(file, load.Options{})
			if err != nil {
				t.Fatal(err)
			}
			source, _ = trials{}.Complete(source)
			offers := trials{}.Offers(source)
			var b strings.Builder
			for _, w := range offers.Ways {
				fmt.Fprintf(&b, "in  %s | %s | %s %s | asked for %q | line %d", w.Name, w.URL, w.App.Protocol, w.App.Address, w.Path, w.Location.Line)
				if w.Untried != "" {
					b.WriteString(" | not tried: " + w.Untried)
				}
				b.WriteString("\n")
			}
			for _, o := range offers.Outs {
				fmt.Fprintf(&b, "out %s | %s | %s", o.Name, o.Sendfile, o.Storage)
				if o.Object != nil {
					data, _ := json.Marshal(o.Object)
					b.Write(data)
				}
				if o.Untried != "" {
					b.WriteString(" | not tried: " + o.Untried)
				}
				b.WriteString("\n")
			}
			golden(t, strings.TrimSuffix(file, ".conf")+".offers", b.String())
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, _ := os.ReadFile(file)
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got):\n%s", file, d)
	}
}

// TestNothingOfTheUsersIsUsed: a copy has no path and no address but those of
// the sandbox, whatever the configuration.
func TestNothingOfTheUsersIsUsed(t *testing.T) {
	var files []string
	for _, pattern := range []string{"testdata/sandbox/*.conf", "testdata/realistic/*.conf", "samples/*.conf"} {
		found, _ := filepath.Glob(pattern)
		files = append(files, found...)
	}
	if len(files) < 15 {
		t.Fatalf("only %d files", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, w := copyFor(t, file, t.TempDir())
			c, err := Parse(conf.Source{Roots: []string{"copy"}, Files: []conf.File{{Path: "copy", Text: text}}})
			if err := untriable(err, server.SandboxOptions{}); err != nil {
				t.Fatalf("the copy is no configuration: %v\n%s", err, text)
			}
			c.Top.Walk(func(d *conf.Directive) bool {
				if use := outside(d, w.o.Root); use != "" {
					t.Errorf("%s: %s", d, use)
				}
				return true
			})
		})
	}
}

// outside says what of the user's machine a directive of a copy uses.
func outside(d *conf.Directive, root string) string {
	arg := d.Arg(0)
	ours := strings.HasPrefix(arg, "/box/") || strings.HasPrefix(arg, root+"/") || strings.HasPrefix(arg, root+"$")
	switch d.Name {
	case "root", "alias":
		if !ours && (strings.HasPrefix(arg, "/") || strings.HasPrefix(arg, "$")) {
			return "a folder"
		}
	case "include", "load_module", "user_file", "dav_methods", "proxy_store":
		return "a file"
	case "listen":
		if !strings.HasPrefix(arg, "127.9.9.") && !strings.HasPrefix(arg, "unix:/box/") {
			return "an address to listen on"
		}
	case "resolver":
		if arg != "127.0.0.1:1" {
			return "a resolver"
		}
	case "server":
		if !d.IsBlock && !strings.HasPrefix(arg, "127.") && !strings.HasPrefix(arg, "unix:/box/") {
			return "an upstream"
		}
	case "error_log", "pid", "auth_basic_user_file", "ssl_certificate", "ssl_certificate_key", "ssl_client_certificate":
		if !ours {
			return "a file"
		}
	}
	if strings.HasSuffix(d.Name, "_path") && !ours {
		return "a folder"
	}
	return ""
}
