// Package running finds the configurations of the servers that run on this
// machine or are installed on it. It starts and changes nothing: it reads what
// the system tells of processes, and asks programs what they are built with.
package running

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/proc"
)

// Found is the configuration of one server.
type Found struct {
	Kind server.Kind
	// File is the configuration, absolute; "" where it could not be told, then Why
	// says why.
	File string
	Why  string
	// PID is the process, 0 for a server that is installed only.
	PID int
}

// String says which server uses the file and what tells it.
func (f Found) String() string {
	if f.PID == 0 {
		return f.Kind.Title + " is installed, and " + f.Why
	}
	return f.Kind.Title + " runs as process " + strconv.Itoa(f.PID) + ", and " + f.Why
}

// Options say where to look; the zero value looks at this machine.
type Options struct {
	Proc string // of the system's folder of processes; "" is /proc
}

// Find gives the configurations of the running servers of some kinds, each
// once, in the order of the kinds.
func Find(ctx context.Context, kinds []server.Kind, o Options) []Found {
	if o.Proc == "" {
		o.Proc = "/proc"
	}
	entries, err := os.ReadDir(o.Proc)
	if err != nil {
		return nil // a system that does not tell
	}
	var pids []int
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	var list []Found
	for _, k := range kinds {
		for _, pid := range pids {
			f, ok := look(ctx, k, process{folder: filepath.Join(o.Proc, strconv.Itoa(pid)), pid: pid})
			if ok && !slices.ContainsFunc(list, func(g Found) bool { return g.Kind.Name == k.Name && g.File == f.File }) {
				list = append(list, f)
			}
		}
	}
	return list
}

// Installed gives the configurations of the servers of some kinds that are
// installed here, running or not.
func Installed(ctx context.Context, kinds []server.Kind) []Found {
	var list []Found
	for _, k := range kinds {
		program, err := proc.Find(k.Program)
		if err != nil || k.Finder.Uses == nil {
			continue
		}
		file, why := k.Finder.Uses(server.Started{Tell: ask(ctx, program)})
		if at := slices.IndexFunc(k.Finder.Usual, isFile); at >= 0 && !isFile(file) {
			file, why = k.Finder.Usual[at], "that is where packages put its configuration"
		}
		if isFile(file) {
			list = append(list, Found{Kind: k, File: file, Why: why})
		}
	}
	return list
}

// look says which configuration a process has, if it is a server of the kind.
func look(ctx context.Context, k server.Kind, p process) (Found, bool) {
	if k.Finder.Process == nil {
		return Found{}, false
	}
	args, ok := k.Finder.Process(p.words())
	if !ok {
		return Found{}, false
	}
	if args == nil {
		args = []string{}
	}
	f := Found{Kind: k, PID: p.pid}
	if p.elsewhere() {
		f.Why = "it sees files of its own (a container): they have other names there; hand a dump of its configuration over"
		return f, true
	}
	cwd, _ := os.Readlink(filepath.Join(p.folder, "cwd"))
	f.File, f.Why = k.Finder.Uses(server.Started{Args: args, Folder: cwd, Tell: p.ask(ctx, k)})
	if f.File != "" {
		f.File = filepath.Clean(f.File)
	}
	return f, true
}

// process is a process as proc(5) tells.
type process struct {
	folder string
	pid    int
}

// words are its command line; a title that the process has set is one word.
func (p process) words() []string {
	text, err := os.ReadFile(filepath.Join(p.folder, "cmdline"))
	if err != nil {
		return nil
	}
	text = bytes.TrimRight(text, "\x00 ")
	if len(text) == 0 {
		return nil // of the kernel, or one that has ended
	}
	return strings.Split(string(text), "\x00")
}

// elsewhere says that the process sees other files than this one: it has
// process numbers of its own besides, or another root.
func (p process) elsewhere() bool {
	status, _ := os.ReadFile(filepath.Join(p.folder, "status"))
	for line := range strings.Lines(string(status)) {
		if numbers, ok := strings.CutPrefix(line, "NSpid:"); ok && len(strings.Fields(numbers)) > 1 {
			return true
		}
	}
	root, err := os.Readlink(filepath.Join(p.folder, "root"))
	return err == nil && root != "/"
}

// ask calls the process's own program where it may be trusted: it is called
// like one of the kind, and the process is the superuser's or our own. Else it
// calls the one that is installed.
func (p process) ask(ctx context.Context, k server.Kind) func(...string) string {
	program, err := os.Readlink(filepath.Join(p.folder, "exe"))
	if _, named := k.Finder.Process([]string{program}); err != nil || !named || !trusted(p.folder) {
		if program, err = proc.Find(k.Program); err != nil {
			return func(...string) string { return "" }
		}
	}
	return ask(ctx, program)
}

// longest is how long a program may take to tell what it is built with.
const longest = 5 * time.Second

// ask calls a program, which answers on either output.
func ask(ctx context.Context, program string) func(...string) string {
	return func(args ...string) string {
		ctx, cancel := context.WithTimeout(ctx, longest)
		defer cancel()
		out, _ := exec.CommandContext(ctx, program, args...).CombinedOutput() // some tell, and fail
		return string(out)
	}
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return path != "" && err == nil && info.Mode().IsRegular()
}
