package serve

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sync/errgroup"

	"github.com/proxydiag/proxydiag/internal/project"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/health"
	"github.com/proxydiag/proxydiag/pkg/health/checks"
	"github.com/proxydiag/proxydiag/pkg/report"
)

// Options are what is served and how.
type Options struct {
	Config *Config
	// Stacks are those of the file.
	Stacks []Stack
	// Bind makes a stack of settings, for modules; Defaults are the settings that
	// all stacks of the file have.
	Bind     func(name string, settings []project.Setting) (Stack, error)
	Defaults []project.Setting
	Tool     diag.Tool
	Log      *slog.Logger
	Redact   *Redactor
	// Listening, where not nil, is told the address when it is listened on.
	Listening func(net.Addr)
}

// What holds where the file says nothing.
const (
	DefaultListen      = "127.0.0.1:9464"
	defaultTitle       = "proxydiag"
	defaultInterval    = time.Minute
	defaultStackTime   = time.Minute
	defaultCheckTime   = 10 * time.Second
	defaultFreshTime   = 30 * time.Second
	defaultConnections = 512
	defaultDrain       = 2 * time.Second
	defaultSweep       = time.Hour
	// longestEnd is how long checks may take to clean up at the end.
	longestEnd = 25 * time.Second
)

// server is one that runs.
type server struct {
	Options
	registry *health.Registry
	reports  reports
	legs     *legs
	keeper   *keeper
	cert     *certificate
	base     context.Context // of all checks
	probing  sync.WaitGroup
	swept    checks.Sweeps // storages
	draining atomic.Bool
	handler  http.Handler
}

// Run serves until ctx ends. An error before anything is served says what is
// wrong with the options.
func Run(ctx context.Context, o Options) error {
	s, err := newServer(o)
	if err != nil {
		return err
	}
	return s.run(ctx)
}

// Once checks everything once, writes a line for each check, and says whether
// nothing is down.
func Once(ctx context.Context, o Options, w io.Writer) (bool, error) {
	s, err := newServer(o)
	if err != nil {
		return false, err
	}
	s.registry.Once(ctx)
	v := health.View{Now: time.Now(), Results: s.registry.Results(), Details: true}
	v.State = health.Worst(v.Results)
	v.OK = v.State.OK()
	return v.OK, health.Text().Render(w, v)
}

func newServer(o Options) (*server, error) {
	c := o.Config
	s := &server{Options: o, legs: newLegs()}
	if err := uniqueNames(c, o.Stacks); err != nil {
		return nil, err
	}
	s.registry = &health.Registry{
		Interval: cmp.Or(c.Interval, defaultInterval), History: c.History, Redact: o.Redact.Redact, Log: o.Log,
		OnResult: func(health.Result) { s.keeper.later() },
	}
	if err := s.addAll(); err != nil {
		return nil, err
	}
	access, err := s.access()
	if err != nil {
		return nil, err
	}
	if err := s.restore(); err != nil {
		return nil, err
	}
	if c.TLS.Cert != "" {
		s.cert = &certificate{files: c.TLS, log: o.Log}
		if err := s.cert.load(); err != nil {
			return nil, fmt.Errorf("tls: %w", err)
		}
	}
	formats, page, err := renderers(c.Templates, health.PageOptions{Style: report.HTMLStyle(), More: s.reports.more})
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	s.handler = &health.Handler{
		Registry: s.registry, Access: access, Title: cmp.Or(c.Title, defaultTitle), FailStatus: c.FailStatus,
		Renderers: formats, Page: page, FreshTimeout: cmp.Or(c.FreshTimeout, defaultFreshTime), Ready: s.ready,
		More: map[string]http.Handler{"/metrics": s.metrics(), "/probe": &probes{s: s, slots: make(chan struct{}, mostProbes)}},
	}
	return s, nil
}

// ready says why the process is not ready.
func (s *server) ready() error {
	if s.draining.Load() {
		return errors.New("it is about to end")
	}
	return nil
}

// addAll puts stacks and checks into the registry.
func (s *server) addAll() error {
	c := s.Config
	for _, st := range s.Stacks {
		how := StackConfig{}
		if c.Stacks != nil {
			i := slices.IndexFunc(c.Stacks, func(x StackConfig) bool { return x.Name == st.Name })
			if i < 0 {
				continue
			}
			how = c.Stacks[i]
		}
		err := s.add(how.Common, defaultStackTime, health.Check{
			Name: st.Name, Kind: kindStack, Observe: s.watch(st, cmp.Or(how.FailOn.Severity, diag.Error)),
		})
		if err != nil {
			return err
		}
	}
	for _, how := range c.Stacks {
		if !slices.ContainsFunc(s.Stacks, func(st Stack) bool { return st.Name == how.Name }) {
			return fmt.Errorf("serve: stacks: there is no stack %s", how.Name)
		}
	}
	for _, check := range c.Checks {
		if storage, ok := check.Check.(*checks.Storage); ok {
			storage.Left, storage.Sweeps = c.Sweep, &s.swept
		}
		observe := notConfigured
		if !check.Missing {
			observe = check.Check.Check
		}
		if err := s.add(check.Common, defaultCheckTime, health.Check{Name: check.Name, Kind: check.Kind, Observe: observe}); err != nil {
			return err
		}
	}
	for _, m := range c.Modules {
		if !m.IsStack {
			continue
		}
		if _, err := s.bind(m, exampleTarget); err != nil {
			return fmt.Errorf("serve: the module %s: %w", m.Name, err)
		}
	}
	if len(c.Checks) == 0 && len(s.Stacks) == 0 && len(c.Modules) == 0 {
		return errors.New("there is nothing to watch; describe stacks, or checks in the section serve")
	}
	return nil
}

func notConfigured(context.Context) (health.Observation, error) {
	return health.Observation{Text: "not configured"}, nil
}

// add adds one check with its settings.
func (s *server) add(how Common, most time.Duration, c health.Check) error {
	c.Interval, c.Critical = cmp.Or(how.Interval, s.registry.Interval), how.Critical
	c.Timeout = cmp.Or(how.Timeout, min(cmp.Or(s.Config.Timeout, most), c.Interval))
	return s.registry.Add(c)
}

// access are the rules on who may see what.
func (s *server) access() (health.Access, error) {
	c := s.Config
	a := health.Access{Public: prefixes(c.Public), Allow: prefixes(c.Allow), TrustedProxies: prefixes(c.TrustedProxies)}
	if c.TokenFile != "" {
		token := &tokenFile{path: c.TokenFile, log: s.Log, redact: s.Redact}
		if err := token.load(); err != nil {
			return a, fmt.Errorf("token_file: %w", err)
		}
		a.Token = token.get
	}
	return a, nil
}

// restore takes over what was known before.
func (s *server) restore() error {
	s.keeper = &keeper{
		path: s.Config.State,
		get:  func() state { return state{Health: s.registry.Snapshot(), Reports: s.reports.all()} },
		fail: func(err error) { s.Log.Error("the state cannot be written; it is tried again", "error", err) },
	}
	if s.Config.State == "" {
		return nil
	}
	before, err := readState(s.Config.State)
	switch {
	case errors.Is(err, errDamaged):
		s.Log.Warn("the state was damaged; it begins anew", "file", s.Config.State)
	case err != nil:
		return fmt.Errorf("state: %w", err)
	}
	s.registry.Restore(before.Health)
	for _, st := range s.Stacks {
		if rep, ok := before.Reports[st.Name]; ok {
			s.reports.keep(st.Name, rep)
		}
	}
	if err := s.keeper.try(); err != nil {
		return fmt.Errorf("state: it cannot be written: %w", err)
	}
	return nil
}

// run listens and checks until ctx ends; then it stops checking, says for a
// while that it is not ready, and ends.
func (s *server) run(ctx context.Context) error {
	c := s.Config
	l, err := net.Listen("tcp", cmp.Or(c.Listen, DefaultListen))
	if err != nil {
		if e, ok := errors.AsType[*net.OpError](err); ok {
			err = e.Err
		}
		return fmt.Errorf("%s cannot be listened on: %w; give a HOST:PORT of this machine that is free", cmp.Or(c.Listen, DefaultListen), err)
	}
	bounded := limit(l, cmp.Or(c.Connections, defaultConnections))
	srv := &http.Server{
		Handler: bounded.handler(s.handler), ConnContext: bounded.context,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, IdleTimeout: time.Minute,
		WriteTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: slog.NewLogLogger(s.Log.Handler(), slog.LevelDebug),
	}
	var listener net.Listener = bounded
	if s.cert != nil {
		srv.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: s.cert.get, NextProtos: []string{"h2", "http/1.1"}}
		listener = tls.NewListener(bounded, srv.TLSConfig)
	}
	base, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	s.base = base
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(listener) }()
	var work errgroup.Group
	work.Go(func() error { s.registry.Run(base); return nil })
	work.Go(func() error { s.sweeps(base); return nil })
	work.Go(func() error { watchdog(base); return nil })
	if s.Listening != nil {
		s.Listening(l.Addr())
	}
	s.Log.Info("serving", "address", l.Addr().String(), "tls", s.cert != nil, "checks", len(s.registry.Results()))
	notify(daemon.SdNotifyReady)
	select {
	case <-ctx.Done():
	case err := <-failed:
		stop()
		_ = work.Wait()
		return err
	}
	s.end(srv, stop, &work)
	return nil
}

// end is the way out.
func (s *server) end(srv *http.Server, stop func(), work *errgroup.Group) {
	s.Log.Info("ending: checks are stopped and fixtures removed")
	s.draining.Store(true)
	notify(daemon.SdNotifyStopping)
	drained := time.After(cmp.Or(s.Config.Drain, defaultDrain))
	stop()
	cleaned := make(chan struct{})
	go func() {
		_ = work.Wait()
		s.probing.Wait()
		close(cleaned)
	}()
	select {
	case <-cleaned:
	case <-time.After(longestEnd):
		s.Log.Error("a check does not end; what it has put may stay behind")
	}
	<-drained
	s.keeper.close()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		_ = srv.Close()
	}
}

// notify tells systemd how it goes, where that is who has started us
// (sd_notify(3)).
func notify(state string) { _, _ = daemon.SdNotify(false, state) }

// watchdog tells systemd that we are there, where it wants to know.
func watchdog(ctx context.Context) {
	every, err := daemon.SdWatchdogEnabled(false)
	if err != nil || every == 0 {
		return
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(every / 2):
			notify(daemon.SdNotifyWatchdog)
		}
	}
}
