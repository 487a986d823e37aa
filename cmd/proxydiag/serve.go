package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/proxydiag/proxydiag/internal/project"
	"github.com/proxydiag/proxydiag/internal/serve"
)

// serveFlags are the flags of serve; what they say wins over the file.
type serveFlags struct {
	file, listen, state, templates, format string
	once                                   bool
}

func newServe(std streams) *cobra.Command {
	var s serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Watch stacks and answer how they are: health endpoint, metrics, status page",
		Long: "serve checks the stacks of " + projectFile + " again and again, and what its section serve\n" +
			"names beside them, and answers with the last results: /healthz, /readyz, /livez, /ping,\n" +
			"/status (a page), /metrics and /probe (Prometheus), /feed.atom. A request never starts a\n" +
			"check. It runs until it is interrupted, and then removes what it has put.\n\n" +
			"It listens on " + serve.DefaultListen + " unless told otherwise. Messages and metrics are for callers\n" +
			"whom serve: allow: or a token admits; others learn states only.",
		Example: "  proxydiag serve\n  proxydiag serve --file /etc/proxydiag.yaml --state /var/lib/proxydiag/state.json",
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return s.run(cmd.Context(), std) },
	}
	f := cmd.Flags()
	f.StringVarP(&s.file, "file", "f", projectFile, "the `FILE` that describes the stacks, and what is served")
	f.StringVar(&s.listen, "listen", "", "`HOST:PORT` to answer on")
	f.StringVar(&s.state, "state", "", "the `FILE` that keeps results and changes over a restart")
	f.StringVar(&s.templates, "templates", "", "a `DIR` with page.html and health.json, which replace the page and the JSON")
	f.StringVar(&s.format, "log-format", "text", "how the log on standard error is written: text or json")
	f.BoolVar(&s.once, "once", false, "check everything once, print a line for each check, and end: with exit status 1 where something is down")
	complete(cmd, "log-format", plainFormats())
	return cmd
}

func (s *serveFlags) run(ctx context.Context, std streams) error {
	if !slices.Contains(plainFormats(), s.format) {
		return fmt.Errorf("--log-format %s: choose one of %s", s.format, strings.Join(plainFormats(), ", "))
	}
	redact := &serve.Redactor{}
	options, err := s.read(redact)
	if err != nil {
		return err
	}
	var handler slog.Handler = slog.NewTextHandler(std.err, nil)
	if s.format == "json" {
		handler = slog.NewJSONHandler(std.err, nil)
	}
	options.Log = slog.New(handler)
	if err := newWatcher(options, redact).bind(options); err != nil {
		return redact.Error(err)
	}
	if s.once {
		return s.look(ctx, options, std)
	}
	return redact.Error(serve.Run(ctx, *options))
}

// look checks everything once.
func (s *serveFlags) look(ctx context.Context, o *serve.Options, std streams) error {
	o.Log = slog.New(slog.DiscardHandler) // what it would tell is what is printed
	o.Config.State = ""
	ok, err := serve.Once(ctx, *o, std.out)
	switch {
	case err != nil:
		return o.Redact.Error(err)
	case ctx.Err() != nil:
		return stopped(std)
	case !ok:
		return exit(exitFound)
	}
	return nil
}

// read reads the file.
func (s *serveFlags) read(redact *serve.Redactor) (*serve.Options, error) {
	o := &serve.Options{Config: &serve.Config{}, Redact: redact, Tool: tool()}
	stacks, err := project.Read(s.file, project.Options{
		Keys: stackKeys(newCheck(streams{}).Flags()), Suggest: didYouMean, Secret: redact.Add, Redact: redact.Conceal,
		Serve:    func(n project.Node) { o.Config = serve.Read(n) },
		Defaults: func(list []project.Setting) { o.Defaults = list },
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is not there; write it, or name another one with --file", s.file)
	}
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, cannotOpen(s.file, err)
	}
	if err != nil {
		return nil, err
	}
	for _, stack := range stacks {
		o.Stacks = append(o.Stacks, serve.Stack{Name: stack.Name, Settings: stack.Settings})
	}
	for _, given := range []struct {
		flag string
		into *string
	}{{s.listen, &o.Config.Listen}, {s.state, &o.Config.State}, {s.templates, &o.Config.Templates}} {
		if given.flag != "" {
			*given.into = given.flag
		}
	}
	if _, _, err := net.SplitHostPort(o.Config.Listen); o.Config.Listen != "" && err != nil {
		return nil, fmt.Errorf("--listen %s: write HOST:PORT, for example --listen %s", o.Config.Listen, serve.DefaultListen)
	}
	return o, nil
}

// hasSetting says that a stack says something about a setting.
func hasSetting(list []project.Setting, name string) bool {
	return slices.ContainsFunc(list, func(s project.Setting) bool { return s.Name == name })
}
