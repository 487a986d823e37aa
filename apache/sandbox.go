package apache

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/proc"
)

// attempts is how often Apache is started: where an address was taken in the
// meantime, and where it refuses what has to do with this machine.
const attempts = 20

// Start implements server.Sandboxer. Apache cannot inherit listening sockets, see
// Launch: it is given addresses that are free now, and others where somebody
// else was faster.
func (trials) Start(ctx context.Context, source conf.Source, o server.SandboxOptions) (*server.Sandbox, error) {
	path, err := proc.Program(o.Binary, program)
	if err != nil {
		return nil, err
	}
	c, err := Parse(source)
	left, ok := missing(err)
	if !ok || len(left) > 0 && !o.AllowMissing {
		return nil, err
	}
	w := newCopying(c, o)
	for _, p := range left {
		w.changes = append(w.changes, conf.Problem{Pos: p.Pos, Kind: conf.Doubtful, Message: p.Message + ": it is left out"})
	}
	if err := w.chooseAddresses(); err != nil {
		return nil, err
	}
	for range attempts {
		var b *server.Sandbox
		var text *printed
		if b, text, err = w.start(ctx, path); err == nil {
			return b, nil
		}
		switch {
		case text == nil:
			return nil, err
		case strings.Contains(err.Error(), taken):
			if err := w.chooseAddresses(); err != nil {
				return nil, err
			}
		case !w.mend(err, text):
			return nil, w.refusal(err, text)
		}
	}
	return nil, err
}

// chooseAddresses takes other addresses.
func (w *copying) chooseAddresses() error {
	at, err := w.conf.choose()
	w.at = at
	return err
}

// start starts Apache with the copy; text is nil where it could not be made.
func (w *copying) start(ctx context.Context, program string) (b *server.Sandbox, text *printed, err error) {
	dir, err := os.MkdirTemp(w.o.Dir, "apache")
	if err == nil {
		err = os.Chmod(dir, 0o711)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("cannot make a folder for Apache: %w", err)
	}
	w.back = w.at.back()
	if err = w.mirror(); err == nil {
		text, err = w.print(dir)
	}
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	_ = os.Remove(w.errorLog())
	if err := proc.Write(dir, "Apache", map[string]string{mainFile: text.text.String()}); err != nil {
		return nil, nil, err
	}
	keys := w.at.keys()
	first := w.at.endpoints[0]
	p, err := proc.Start(ctx, proc.Options{
		Name: "Apache", Path: program, Args: []string{"-f", filepath.Join(dir, mainFile), "-DFOREGROUND"},
		Env: []string{"APACHE_LOG_DIR=" + dir, "APACHE_RUN_DIR=" + dir, "APACHE_LOCK_DIR=" + dir},
		Dir: dir, ErrorLog: w.errorLog(), Addr: keys[endpoint{host: w.at.covered(first)[0], port: first.port}.String()], Grace: grace,
	})
	if err != nil {
		return nil, text, err
	}
	return &server.Sandbox{Process: p, Listens: keys, Changes: w.changes, Original: w.replacer().Replace}, text, nil
}

// What Apache says of a configuration that it refuses.
var (
	syntaxError = regexp.MustCompile(`(?m)Syntax error on line (\d+) of ([^\n]+):\n([^\n]+)`)
	fatal       = regexp.MustCompile(`(?m)^(?:\[[^\n]*\] )?(?:\(\d+\)[^\n:]*: )?(AH\d{5}: [^\n]+)$`)
)

// refusal is the server's own message with the place in the user's files.
func (w *copying) refusal(err error, text *printed) error {
	message, by := w.said(err, text)
	if message == "" {
		return err
	}
	p := conf.Problem{Kind: conf.Syntax, Message: "Apache refuses the configuration: " + w.replacer().Replace(message)}
	if by != nil {
		p.Pos = by.Pos
	}
	return &conf.Error{Problems: []conf.Problem{p}}
}

// said is what Apache says in the error of a start or in its log, and the
// directive that it is about, nil where it says none.
func (w *copying) said(err error, text *printed) (message string, by *conf.Directive) {
	if m := syntaxError.FindStringSubmatch(err.Error()); m != nil {
		line, _ := strconv.Atoi(m[1])
		return m[3], text.from(line)
	}
	log, _ := os.ReadFile(w.errorLog())
	for _, line := range strings.Split(string(log)+"\n"+err.Error(), "\n") {
		if strings.Contains(line, ":warn]") || strings.Contains(line, ":notice]") || strings.Contains(line, "AH00558") || strings.Contains(line, "AH00112") {
			continue
		}
		if m := fatal.FindStringSubmatch(line); m != nil && !strings.Contains(line, "AH00016") && !strings.Contains(line, "AH00015") {
			return m[1], nil
		}
	}
	return "", nil
}
