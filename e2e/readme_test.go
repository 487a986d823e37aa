package e2e

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/nginx"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// command is a command of a console block, and what it is said to print.
type command struct{ line, output string }

// console are the commands of all console blocks of a text.
func console(text string) []command {
	var list []command
	for _, block := range regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatch(text, -1) {
		for line := range strings.Lines(strings.ReplaceAll(block[1], "\\\n", " ")) {
			if rest, ok := strings.CutPrefix(line, "$ "); ok {
				list = append(list, command{line: strings.TrimSpace(rest)})
			} else if len(list) > 0 {
				list[len(list)-1].output += line
			}
		}
	}
	return list
}

// TestReadme runs the commands of README.md one after the other, as a newcomer
// does: nginx runs with the configuration that init wrote, with root in the
// place of alias until the text says that it is corrected. What is shown is
// what is printed, but for times, addresses and the folding of lines.
func TestReadme(t *testing.T) {
	readme, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	commands := console(string(readme))
	if len(commands) < 8 {
		t.Fatalf("only %d commands are found", len(commands))
	}
	binary, media, dir, backend := build(t), storage(t), t.TempDir(), freeAddr(t)
	t.Setenv("PATH", filepath.Dir(binary)+":"+os.Getenv("PATH"))
	plain := sample(t, nginx.Kind, "downloads.conf")
	wrong := replace(t, "internal;\n        alias "+media+"/;", "internal;\n        root "+media+";")
	faulty, right := start(t, nginx.Kind, plain, backend, media, wrong), start(t, nginx.Kind, plain, backend, media, nil)

	here := server.Placeholders()
	now := faulty
	names := func(st stack) *strings.Replacer {
		return strings.NewReplacer(here.Listen, st.Proxy.Addr(), here.Backend, backend, here.Storage, media)
	}
	for _, c := range commands {
		if strings.HasPrefix(c.line, "#") { // the text goes on with the corrected configuration
			now = right
			rewrite(t, dir, strings.NewReplacer(faulty.Proxy.Addr(), right.Proxy.Addr(), "internal;\n        root "+media+";", "internal;\n        alias "+media+"/;").Replace)
			continue
		}
		cmd := exec.Command("sh", "-c", names(now).Replace(c.line))
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if failed, ok := errors.AsType[*exec.ExitError](err); ok && failed.ExitCode() > 1 || err != nil && !ok {
			t.Errorf("%s: %v\n%s", c.line, err, out)
		}
		back := strings.NewReplacer(now.Proxy.Addr(), here.Listen, backend, here.Backend, media, here.Storage)
		shows(t, c, back.Replace(string(out)))
		if strings.Contains(c.line, " init ") {
			rewrite(t, dir, func(text string) string {
				text = names(now).Replace(text)
				return strings.Replace(text, "internal;\n        alias "+media+"/;", "internal;\n        root "+media+";", 1)
			})
		}
	}
}

// shows checks that an output is what is shown; a line with an ellipsis stands
// for any lines.
func shows(t *testing.T, c command, printed string) {
	t.Helper()
	pieces := strings.Split(c.output, "…\n")
	rest := bareText(printed)
	for i, piece := range pieces {
		piece = bareText(piece)
		at := strings.Index(rest, piece)
		if at < 0 || i == 0 && at > 0 || len(pieces) == 1 && c.output != "" && rest != piece {
			t.Errorf("%s (-shown +printed):\n%s\nprinted:\n%s", c.line, cmp.Diff(piece, rest), printed)
			return
		}
		rest = rest[at+len(piece):]
	}
}

// rewrite changes the files that init wrote.
func rewrite(t *testing.T, dir string, with func(string) string) {
	for _, name := range []string{"downloads.conf", "proxydiag.yaml"} {
		path := filepath.Join(dir, name)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		write(t, path, with(string(text)))
	}
}

var (
	times  = regexp.MustCompile(`[0-9.]+(ms|s|µs)\b`)
	unique = regexp.MustCompile(`proxydiag-[a-z]+-[0-9a-f]{16}`)
	drawn  = regexp.MustCompile(`[─│┌┐└┘├┤┬┴┼╭╮╰╯]+`)
)

// bareText is an output without what differs from run to run: names of
// fixtures, times, where lines are folded and how far the picture reaches.
func bareText(text string) string {
	text = strings.Join(strings.Fields(drawn.ReplaceAllString(text, "")), "")
	return times.ReplaceAllString(unique.ReplaceAllString(text, "FIXTURE"), "TIME")
}
