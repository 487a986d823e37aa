package main

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/report"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// routeFlags are the flags of route.
type routeFlags struct {
	server, method, host, handoff, format string
	here                                  bool
}

func newRoute(std streams) *cobra.Command {
	var r routeFlags
	cmd := &cobra.Command{
		Use:   "route CONFIG URL",
		Short: "Follow a URL through the proxy's configuration",
		Long: "route prints the chain of decisions that the proxy takes for a URL, each with its place in\n" +
			"the configuration, and where it ends: which backend is asked for what, or which file is\n" +
			"opened. With --handoff it goes on with what the backend's answer causes. What the\n" +
			"configuration does not decide is said, not guessed. Nothing is sent.\n\n" +
			"CONFIG is a main file, a folder, or a dump; - reads a dump from standard input. Host and\n" +
			"port of the URL choose among the servers. The exit status is 3 for a configuration that\n" +
			"does not parse, and 0 whatever becomes of the request: --format json tells.",
		Example: "  proxydiag route site.conf http://www.example.org/dl/a.pdf --handoff /protected/a.pdf",
		Args:    exactly("a configuration and a URL", 2),
		RunE:    func(cmd *cobra.Command, args []string) error { return r.run(cmd.Context(), args[0], args[1], std) },
	}
	f := cmd.Flags()
	f.StringVar(&r.handoff, "handoff", "", "`VALUE` of the handoff header that the backend answers with")
	f.StringVar(&r.host, "host", "", "`HOST` field, where it is another one than the URL's")
	f.StringVar(&r.method, "method", "GET", "`METHOD` of the request")
	f.BoolVar(&r.here, "here", false, "this is the proxy's machine: look which of the files are there")
	f.StringVar(&r.server, "server", "", "the `KIND` of server, where the configuration's shape does not tell")
	f.StringVar(&r.format, "format", "text", "text or json")
	complete(cmd, "server", kindNames(readable()))
	complete(cmd, "format", plainFormats())
	return cmd
}

// plainFormats are the formats of commands that do not report on a run.
func plainFormats() []string { return []string{"text", "json"} }

// checkFormat refuses other formats than those.
func checkFormat(format string) error {
	for _, name := range plainFormats() {
		if format == name {
			return nil
		}
	}
	return fmt.Errorf("--format: there is no format %q: choose one of %s", format, strings.Join(plainFormats(), ", "))
}

func (r *routeFlags) run(ctx context.Context, path, raw string, std streams) error {
	if err := checkFormat(r.format); err != nil {
		return err
	}
	if err := checkURL("the URL", raw, false); err != nil {
		return err
	}
	q := server.RouteRequest{Method: r.method, Host: r.host, Handoff: r.handoff}
	q.URL, _ = url.Parse(raw) // checkURL did
	if r.here {
		q.Look = look
	}
	c, err := until(ctx, std, func() (*configuration, error) { return loadConfiguration(path, r.server, std) })
	if err != nil {
		return err
	}
	if len(c.problems) > 0 {
		c.tell(std.err, c.problems, "")
		return exit(exitInconclusive)
	}
	c.tell(std.err, c.left, "warning: ")
	if c.kind.Route == nil {
		return fmt.Errorf("requests cannot be followed through the configurations of %s yet", c.kind.Title)
	}
	result, err := c.kind.Route(c.source, q)
	if err != nil {
		fmt.Fprintln(std.err, "proxydiag:", err)
		return exit(exitInconclusive)
	}
	if r.format == "json" {
		return report.JSON(std.out, routeJSON{Version: 1, Kind: c.kind.Name, URL: raw, RouteResult: result})
	}
	return writeRoute(std.out, q, result)
}

// routeJSON is what route prints as JSON.
type routeJSON struct {
	Version int    `json:"version"`
	Kind    string `json:"kind"`
	URL     string `json:"url"`
	server.RouteResult
}

// look is what is at a path of this machine.
func look(path string) route.FileKind {
	info, err := os.Stat(path)
	switch {
	case conf.IsMissing(err):
		return route.FileMissing
	case err != nil:
		return route.FileUnknown
	case info.IsDir():
		return route.FileFolder
	}
	return route.FileRegular
}

func writeRoute(w io.Writer, q server.RouteRequest, result server.RouteResult) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n", report.Visible(q.Method), q.URL)
	writeChain(&b, result.Request)
	switch {
	case result.Handoff != nil:
		fmt.Fprintf(&b, "\nhandoff %s\n", report.Visible(q.Handoff))
		writeChain(&b, *result.Handoff)
	case q.Handoff != "":
		b.WriteString("\nno backend is asked, so there is no handoff to act on\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeChain writes the steps, each with its directive's place, and the outcome.
func writeChain(b *strings.Builder, t server.Route) {
	for i, step := range t.Steps {
		mark := fmt.Sprintf("%3d. ", i+1)
		b.WriteString(mark)
		fold(b, len(mark), report.Visible(step.Text))
		if step.Pos != (conf.Pos{}) {
			fmt.Fprintf(b, "%*s%s: %s\n", len(mark), "", report.Visible(step.Pos.String()), report.Visible(step.Directive))
		}
	}
	b.WriteString("  -> ")
	fold(b, 5, report.Visible(ending(t)))
	for _, p := range t.Provided {
		b.WriteString("     ")
		fold(b, 5, "unless: "+report.Visible(p.Text))
	}
}

// ending says in a sentence what becomes of a request.
func ending(t server.Route) string {
	answer := func(what string) string {
		if t.Status != 0 {
			what += fmt.Sprintf(" with %d", t.Status)
		}
		if t.Text != "" {
			what += ": " + t.Text
		}
		return what
	}
	switch t.Outcome {
	case route.Proxied:
		return handedTo(t.Upstream)
	case route.File:
		return "opens " + t.File
	case route.Folder:
		return "opens the folder " + t.File + ": an index file, a listing, or a refusal"
	case route.Returned:
		return answer("the configuration itself answers")
	case route.Refused:
		return answer("refused")
	case route.Failed:
		return answer("fails")
	case route.Ignored:
		return "the handoff is not acted on: the client gets the backend's answer as it is"
	}
	return "not decided by the configuration: " + t.Undecided
}

func handedTo(u *server.Upstream) string {
	switch {
	case u == nil:
		return "handed to a backend"
	case u.Unknown != "":
		return "handed to a backend that is not known: " + u.Unknown
	}
	text := "handed to " + u.Host
	if len(u.Peers) > 0 && (len(u.Peers) > 1 || u.Peers[0] != u.Host) {
		text += " (" + strings.Join(u.Peers, ", ") + ")"
	}
	if u.URI != "" {
		text += ", which is asked for " + u.URI
	}
	return text
}
