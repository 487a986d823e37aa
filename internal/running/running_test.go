package running

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// TestRealServers: a server that runs is found, with the file that it was
// started with.
func TestRealServers(t *testing.T) {
	if _, err := os.Stat("/proc/self/cmdline"); err != nil {
		t.Skip("this system does not tell of processes")
	}
	for _, k := range all.Kinds() {
		t.Run(k.Name, func(t *testing.T) {
			t.Parallel()
			need.Server(t, k.Program)
			addr := ""
			p, err := k.Launch(t.Context(), server.LaunchOptions{Site: func(at string) string {
				addr = at
				return k.Samples[0].Render(server.Values{Listen: at}).Text
			}})
			if err != nil {
				t.Fatal(err)
			}
			defer p.Stop()
			_, port, _ := strings.Cut(addr, ":")
			found := Find(t.Context(), []server.Kind{k}, Options{})
			if !slices.ContainsFunc(found, func(f Found) bool {
				source, err := k.Load(f.File, nil)
				return err == nil && f.PID > 0 && slices.ContainsFunc(source.Files, func(file conf.File) bool { return strings.Contains(file.Text, port) })
			}) {
				t.Errorf("the server on %s is not among %+v", addr, told(found))
			}
		})
	}
}

// TestInstalled: what packages bring along is found.
func TestInstalled(t *testing.T) {
	for _, k := range all.Kinds() {
		need.Server(t, k.Program)
		found := Installed(t.Context(), []server.Kind{k})
		if len(k.Finder.Usual) == 0 || !isFile(k.Finder.Usual[0]) {
			t.Logf("%s has no %v", k.Title, k.Finder.Usual)
			continue
		}
		if len(found) != 1 || found[0].File != k.Finder.Usual[0] || found[0].PID != 0 {
			t.Errorf("%s: %v", k.Title, told(found))
		}
	}
}

// TestProcesses: masters are found once, workers and strangers are not, and a
// server in a container is told as one.
func TestProcesses(t *testing.T) {
	folder := t.TempDir()
	for pid, p := range map[string]struct{ cmdline, status, root string }{
		"10":   {cmdline: "echo\x00"},
		"11":   {cmdline: "echo\x00run\x00a.conf\x00", root: "/"},
		"12":   {cmdline: "echo\x00run\x00a.conf\x00", status: "NSpid:\t12\n"},
		"13":   {cmdline: "echo\x00run\x00b.conf\x00   \x00", status: "Name:\techo\nNSpid:\t13\t1\n"},
		"14":   {cmdline: "echo\x00run\x00b.conf\x00", root: "/srv/jail"},
		"15":   {},
		"self": {cmdline: "echo\x00run\x00c.conf\x00"},
	} {
		dir := filepath.Join(folder, pid)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		for name, text := range map[string]string{"cmdline": p.cmdline, "status": p.status} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if p.root != "" {
			if err := os.Symlink(p.root, filepath.Join(dir, "root")); err != nil {
				t.Fatal(err)
			}
		}
	}
	k := server.Kind{Name: "echo", Title: "Echo", Program: "echo", Finder: server.Finder{
		Process: func(words []string) ([]string, bool) {
			return words[min(1, len(words)):], len(words) > 1 && words[0] == "echo" && words[1] == "run"
		},
		Uses: func(s server.Started) (string, string) { return "/etc/" + s.Args[1], "it says so" },
	}}
	want := []string{
		"/etc/a.conf: Echo runs as process 11, and it says so",
		": Echo runs as process 13, and it sees files of its own (a container): they have other names there; hand a dump of its configuration over",
	}
	if diff := cmp.Diff(want, told(Find(context.Background(), []server.Kind{k, {Name: "none"}}, Options{Proc: folder}))); diff != "" {
		t.Error(diff)
	}
	if found := Find(context.Background(), []server.Kind{k}, Options{Proc: filepath.Join(folder, "absent")}); found != nil {
		t.Errorf("%v", told(found))
	}
}

func told(found []Found) []string {
	var list []string
	for _, f := range found {
		list = append(list, f.File+": "+f.String())
	}
	return list
}
