package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/internal/project"
	"github.com/proxydiag/proxydiag/internal/serve"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/fixture"
	"github.com/proxydiag/proxydiag/pkg/fixture/remote"
	"github.com/proxydiag/proxydiag/pkg/report"
)

// watcher checks stacks for serve as check --stack does.
type watcher struct {
	log    *slog.Logger
	redact *serve.Redactor
	ports  sync.Map // address → *sync.Mutex: one companion at a time answers there
}

func newWatcher(o *serve.Options, redact *serve.Redactor) *watcher {
	return &watcher{log: o.Log, redact: redact}
}

// bind gives each stack what it needs to be checked. What is wrong with one is
// told before anything runs.
func (w *watcher) bind(o *serve.Options) error {
	for i, st := range o.Stacks {
		var err error
		if o.Stacks[i], err = w.stack(st.Name, st.Settings); err != nil {
			return fmt.Errorf("stack %s: %w", st.Name, err)
		}
	}
	o.Bind = w.stack
	return nil
}

// stack makes a check of settings. Without a profile it is the quick one, which
// asks least of a stack that is in use.
func (w *watcher) stack(name string, settings []project.Setting) (serve.Stack, error) {
	st := serve.Stack{Name: name, Settings: settings, Sweep: sweeperOf(settings)}
	c, err := flagsOf(project.Stack{Name: name, Settings: settings}, newCheck(streams{}))
	if err != nil {
		return st, err
	}
	if !hasSetting(settings, "profile") {
		c.stack.profile = string(diag.Quick)
	}
	prepared, err := c.prepare()
	if err != nil {
		return st, err
	}
	if prepared.stack.Config == "-" {
		return st, errors.New("config: standard input can be read once only; name a file")
	}
	mute, err := (muteFlags{}).open(report.Options{})
	if err != nil {
		return st, err
	}
	told := &once{}
	st.Run = func(ctx context.Context) (*diag.Record, diag.Report, error) {
		defer w.alone(prepared.stack, c)()
		if ctx.Err() != nil {
			return nil, diag.Report{}, ctx.Err()
		}
		return w.check(ctx, c, mute, told)
	}
	return st, nil
}

// check runs a stack once: its configuration is read anew each time.
func (w *watcher) check(ctx context.Context, c *checkFlags, mute *muting, told *once) (*diag.Record, diag.Report, error) {
	var said bytes.Buffer
	std := streams{in: strings.NewReader(""), out: io.Discard, err: &locked{w: &said}, env: func(string) string { return "" }, terminal: func(io.Writer) (int, bool) { return 0, false }}
	defer func() {
		if text := strings.TrimSpace(said.String()); told.new(text) && text != "" && ctx.Err() == nil {
			w.log.Warn("a check has something to say", "stack", c.title, "text", w.redact.Redact(text))
		}
	}()
	r, err := c.prepare()
	if err != nil {
		return nil, diag.Report{}, err
	}
	if err := r.read(std); err != nil {
		return nil, diag.Report{}, err
	}
	rec, err := c.observe(ctx, r, &progress{}, std)
	if err != nil {
		return nil, diag.Report{}, err
	}
	reps, err := (&output{mute: mute}).judge(std, rec)
	if err != nil {
		return nil, diag.Report{}, err
	}
	return rec, reps[0], nil
}

// alone waits until no other check's companion answers on the same port, and
// returns what lets the next one go on.
func (w *watcher) alone(stack diag.Stack, c *checkFlags) func() {
	if !stack.Companion {
		return func() {}
	}
	addr := c.stack.companionListen
	if addr == "" {
		addr = stack.Backend.Origin()
	}
	mu, _ := w.ports.LoadOrStore(addr, &sync.Mutex{})
	mu.(*sync.Mutex).Lock()
	return mu.(*sync.Mutex).Unlock
}

// sweeperOf removes what killed runs have left in a stack's storage.
func sweeperOf(settings []project.Setting) func(context.Context, time.Duration) ([]string, error) {
	storage := ""
	for _, s := range settings {
		if s.Name == "storage" && len(s.Values) == 1 {
			storage = s.Values[0]
		}
	}
	return func(ctx context.Context, age time.Duration) ([]string, error) {
		store, err := all.OpenStore(storage, remote.Options{})
		if err != nil {
			return nil, err
		}
		defer func() { _ = store.Close() }()
		return fixture.Sweep(ctx, store, age, time.Now())
	}
}

// once tells whether a text is another one than before.
type once struct {
	mu   sync.Mutex
	last string
}

func (o *once) new(text string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	changed := text != o.last
	o.last = text
	return changed
}

// locked is a writer for several goroutines.
type locked struct {
	mu sync.Mutex
	w  io.Writer
}

// Write implements [io.Writer].
func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}
