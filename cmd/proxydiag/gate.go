package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/gate"
	"github.com/proxydiag/proxydiag/pkg/report"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// gateFlags are the flags of gate.
type gateFlags struct {
	server                  string
	storage, sendfile, path string
	via, to                 []string
	list                    bool
	realStorage             bool
	allowMissing            bool
	set                     []string
	stacks                  stacksFlags
	profile                 string
	client                  clientFlags
	output                  outputFlags
}

func newGate(std streams) *cobra.Command {
	var g gateFlags
	cmd := &cobra.Command{
		Use:   "gate CONFIG | gate --stack NAME [CONFIG]",
		Short: "Start the real server with your configuration in a sandbox, and try the downloads",
		Long: "gate starts the server that is installed here with a copy of your configuration, on loopback,\n" +
			"with our companion where the application would be and fixtures where the files would be, and\n" +
			"tries every way in to an application with every way out to the files. Nothing outside of the\n" +
			"sandbox is written or asked, and no command of the configuration is run.\n\n" +
			"Where the files lie and how the application hands off is made up from the configuration, so that\n" +
			"only what is wrong whatever is meant is reported. With --storage, --sendfile and --path, which say\n" +
			"what is meant, all is judged as check does.\n\n" +
			"The exit status is 0 for a healthy configuration, 1 where something was found (see --fail-on), 2\n" +
			"for wrong use, 3 where the server refuses the configuration or nothing could be tried.",
		Example: "  proxydiag gate site.conf\n  proxydiag gate site.conf --list\n" +
			"  proxydiag gate site.conf --storage /srv/media --sendfile " + exampleSpec() + " --path /dl/",
		Args: func(cmd *cobra.Command, args []string) error {
			if g.stacks.stack != "" && len(args) == 0 {
				return nil
			}
			return exactly("a configuration", 1)(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			path, err := g.meant(args, std)
			if err != nil {
				return err
			}
			return g.run(cmd.Context(), path, std)
		},
	}
	f := cmd.Flags()
	f.StringVar(&g.server, "server", "", "the `KIND` of server, where the configuration's shape does not tell")
	f.StringVar(&g.storage, "storage", "", "the `FOLDER` that the files lie in, as the configuration calls it")
	f.StringVar(&g.sendfile, "sendfile", "", "`KIND:PREFIX` that the application hands off to, as for check")
	f.StringVar(&g.path, "path", "", "the `PATH` of the downloads, /dl/, or their URL; {name} stands for the file's name, which is appended where it is absent")
	f.StringVar(&g.stacks.stack, "stack", "", "take what is meant, and the configuration where none is given, from the stack of this `NAME` in "+projectFile)
	f.StringVarP(&g.stacks.file, "file", "f", projectFile, "the `FILE` that describes the stacks")
	f.StringArrayVar(&g.via, "via", nil, "try only ways in with this `TEXT` in their names, repeatable")
	f.StringArrayVar(&g.to, "to", nil, "try only ways out with this `TEXT` in their names, repeatable")
	f.BoolVar(&g.list, "list", false, "print the ways in and out, and start nothing")
	f.BoolVar(&g.realStorage, "real-storage", false, "put the fixtures into the real folders that the configuration names")
	f.BoolVar(&g.allowMissing, "allow-missing", false, "leave out includes that are not there")
	f.StringArrayVar(&g.set, "set", nil, "`NAME=VALUE` for ${NAME} in a template for envsubst, repeatable")
	f.StringVar(&g.profile, "profile", string(diag.Standard), "how much is asked: quick, standard or thorough")
	g.client.register(f)
	g.output.register(cmd)
	complete(cmd, "server", kindNames(triable()))
	complete(cmd, "profile", profiles())
	complete(cmd, "sendfile", kindsWithColon())
	return cmd
}

// triable are the kinds of server whose configurations can be tried.
func triable() []server.Kind {
	var kinds []server.Kind
	for _, k := range all.Kinds() {
		if k.Sandbox != nil {
			kinds = append(kinds, k)
		}
	}
	return kinds
}

// meant takes from a stack of the file what the command line does not say, and
// returns the path of the configuration.
func (g *gateFlags) meant(args []string, std streams) (string, error) {
	if g.stacks.stack == "" {
		return args[0], nil
	}
	list, err := g.stacks.chosen(newCheck(std))
	if err != nil {
		return "", err
	}
	stack := list[0].stack
	for _, s := range []struct {
		flag *string
		text string
	}{{&g.server, stack.server}, {&g.storage, stack.storage}, {&g.sendfile, stack.sendfile}, {&g.path, stack.proxy}} {
		if *s.flag == "" {
			*s.flag = s.text
		}
	}
	switch {
	case len(args) > 0:
		return args[0], nil
	case stack.config == "":
		return "", fmt.Errorf("--stack %s: the stack names no configuration, and none is given; write it behind gate, or into the file as config", g.stacks.stack)
	}
	return stack.config, nil
}

func (g *gateFlags) run(ctx context.Context, path string, std streams) error {
	out, err := g.output.open(std)
	if err != nil {
		return err
	}
	defer out.discard()
	c, err := until(ctx, std, func() (*configuration, error) { return loadConfiguration(path, g.server, std) })
	if err != nil {
		return err
	}
	if err := c.overwritten(out); err != nil {
		return err
	}
	if err := g.render(c); err != nil {
		return notTried(c, err, std)
	}
	var completed []conf.Problem
	if completer, ok := c.kind.Sandbox.(server.Completer); ok {
		c.source, completed = completer.Complete(c.source)
		c.parse()
	}
	doubtful := slices.DeleteFunc(slices.Clone(c.left), func(p conf.Problem) bool { return p.Kind != conf.Doubtful })
	if len(c.problems) > 0 || len(c.left) > len(doubtful) && !g.allowMissing {
		c.tell(std.err, c.problems, "")
		c.tell(std.err, c.left, "")
		return exit(exitInconclusive)
	}
	if c.kind.Sandbox == nil {
		return fmt.Errorf("%s: configurations of %s cannot be tried yet, only those of %s", path, c.kind.Title, strings.Join(kindNames(triable()), ", "))
	}
	o, err := g.options(c)
	if err != nil {
		return err
	}
	o.Completed = completed
	say := newProgress(std)
	o.Progress = say.step
	if g.list {
		offers, err := until(ctx, std, func() (server.Offers, error) { return c.kind.Sandbox.Offers(c.source), nil })
		if err != nil {
			return err
		}
		return writeOffers(std.out, offers, o)
	}
	rep, err := gate.Run(ctx, o)
	say.done()
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return stopped(std)
	}
	if err != nil {
		status := notTried(c, err, std)
		if refused := (*conf.Error)(nil); errors.As(err, &refused) && refused.Problems[0].Pos.Line > 0 {
			fmt.Fprintf(std.err, "proxydiag: nothing was tried, for the %s that is installed here does not start with it. Correct what is shown, or run gate where %s has the version and modules of the machine that this is for.\n", c.kind.Title, c.kind.Title)
		}
		return status
	}
	rep.Stack.Name = standardInput
	if path != "-" {
		rep.Stack.Name = out.options.Named(path)
	}
	rules, notices := out.mute.rules(o.Config)
	rules.Apply(&rep)
	if judged(rep) {
		notices = append(notices, rules.Unused(func(code string) bool { return g.stated() || anyway(code) })...)
	}
	rep.Notices = notices
	c.tell(std.err, notices, "warning: ")
	reps := []diag.Report{rep}
	if err := out.mute.settle(reps, std.err); err != nil {
		return err
	}
	if err := out.write(func(w io.Writer) error { return out.format.Write(w, reps[0], out.options) }); err != nil {
		return err
	}
	return status(out.failOn, reps...)
}

// stated says that the user says what is meant: then every fault is looked for.
func (g *gateFlags) stated() bool { return g.storage != "" && g.sendfile != "" && g.path != "" }

// judged says that all that was to be tried was, so that a comment that ignored
// nothing is one too many.
func judged(rep diag.Report) bool {
	return len(rep.Pairs) > 0 && !slices.ContainsFunc(rep.Pairs, func(p diag.Pair) bool { return p.Status == diag.Inconclusive })
}

// anyway says that a code is of a fault that is one whatever is meant.
func anyway(code string) bool {
	return slices.ContainsFunc(all.Rules(), func(r diag.Rule) bool { return r.Code == code && r.Anyway })
}

// render puts the values of --set into a template for envsubst, and refuses
// other templates.
func (g *gateFlags) render(c *configuration) error {
	var sets []gate.Set
	for _, text := range g.set {
		s, err := gate.ParseSet(text)
		if err != nil {
			return usage{fmt.Errorf("--set %w", err)}
		}
		sets = append(sets, s)
	}
	if err := gate.Template(c.source); err != nil {
		return err
	}
	if len(sets) > 0 {
		var used []string
		c.source, used = gate.Substitute(c.source, sets)
		for _, s := range sets {
			if !slices.Contains(used, s.Name) {
				return usage{fmt.Errorf("--set %s: the configuration has neither ${%s} nor $%s; leave it out, or look at its spelling", s.Name, s.Name, s.Name)}
			}
		}
		c.parse()
	}
	if c.kind.Environment {
		return nil
	}
	return gate.Unset(c.source)
}

// usage is an error that is the user's, not the configuration's.
type usage struct{ error }

// notTried tells why a configuration cannot be tried, with its places.
func notTried(c *configuration, err error, std streams) error {
	var wrong usage
	if errors.As(err, &wrong) {
		return wrong.error
	}
	var problems *conf.Error
	if errors.As(err, &problems) {
		c.tell(std.err, problems.Problems, "")
	} else {
		fmt.Fprintf(std.err, "proxydiag: %s: %v\n", c.path, err)
	}
	return exit(exitInconclusive)
}

// options are what the flags say.
func (g *gateFlags) options(c *configuration) (gate.Options, error) {
	o := gate.Options{
		Kind: c.kind, Config: &diag.Config{Kind: c.kind.Name, Source: c.source},
		Intent: gate.Intent{Path: g.path}, Via: g.via, To: g.to,
		RealStorage: g.realStorage, AllowMissing: g.allowMissing, Tool: tool(),
	}
	var err error
	if g.storage != "" {
		if strings.Contains(g.storage, "://") {
			return o, fmt.Errorf("--storage %s: give the folder as the configuration calls it; what an object store holds is tried without it", g.storage)
		}
		if o.Intent.Storage, err = filepath.Abs(g.storage); err != nil {
			return o, fmt.Errorf("--storage %s: %w", g.storage, err)
		}
	}
	if g.path != "" {
		if err := checkPath(g.path); err != nil {
			return o, err
		}
	}
	if o.Intent.Sendfile, err = parseIntent(g.sendfile); err != nil {
		return o, err
	}
	if o.Client, err = g.client.options(); err != nil {
		return o, err
	}
	if o.Profile, err = diag.ParseProfile(g.profile); err != nil {
		return o, fmt.Errorf("--profile: %w", err)
	}
	return o, nil
}

// checkPath checks --path.
func checkPath(path string) error {
	if strings.Contains(path, "://") {
		return checkURL("--path", path, true)
	}
	if !strings.HasPrefix(path, "/") {
		return fmt.Errorf("--path %s: a path begins with a slash; write for example --path /%s/", path, strings.Trim(path, "/"))
	}
	return checkURL("--path", "http://localhost"+path, true)
}

// writeOffers prints the ways in and out, and the pairs that they make.
func writeOffers(w io.Writer, offers server.Offers, o gate.Options) error {
	var b strings.Builder
	line := func(format string, args ...any) {
		fmt.Fprintf(&b, "%s\n", report.Visible(fmt.Sprintf(format, args...)))
	}
	line("ways in:")
	for _, via := range gate.Distinct(offers.Ways) {
		line("  %s → %s %s (%s:%d)", via.Name, via.App.Protocol, via.App.Address, via.Location.File, via.Location.Line)
	}
	line("ways out:")
	for _, out := range offers.Outs {
		line("  %s (%s:%d)", out.Name, out.Location.File, out.Location.Line)
	}
	pairs, err := gate.Pairs(offers, o)
	if err != nil {
		line("%v", err)
	}
	line("pairs:")
	for _, p := range pairs {
		line("  %s", p)
	}
	_, err = io.WriteString(w, b.String())
	return err
}
