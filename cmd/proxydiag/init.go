package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"
	"go.yaml.in/yaml/v4"

	"github.com/proxydiag/proxydiag/internal/propose"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/report"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// initFlags are the flags of init.
type initFlags struct {
	server, sample, url, storage, backend, folder string
	diff                                          bool
}

func newInit(std streams) *cobra.Command {
	var i initFlags
	cmd := &cobra.Command{
		Use:   "init [CONFIG]",
		Short: "Write proxydiag.yaml for a configuration, or a configuration to begin with",
		Long: "init looks into a proxy's configuration for the downloads: the URL they are asked for at,\n" +
			"the backend, the handoff and the folder of the files. It writes them to proxydiag.yaml.\n" +
			"Where the configuration hands no downloads over yet, it writes the lines to add as well.\n" +
			"Without a configuration it takes that of the server that runs on this machine or, where\n" +
			"none runs, of the one that is installed; --server says which. To begin without any, --sample\n" +
			"writes a configuration of a kind.\n\n" +
			"init sends nothing, writes new files only, and never touches the configuration. It starts no\n" +
			"server; it may ask a server's program what it is built with (-V). The exit status is 3 where\n" +
			"the configuration does not parse or tells no downloads.",
		Example: "  proxydiag init site.conf\n  proxydiag init --diff\n  proxydiag init site.conf --url http://www.example.org/files/ --diff",
		Args: func(_ *cobra.Command, args []string) error {
			switch {
			case len(args) > 1:
				return fmt.Errorf("init takes one configuration, and %d are given", len(args))
			case i.sample != "" && len(args) > 0:
				return fmt.Errorf("--sample begins without a configuration, and %s is given", args[0])
			case i.sample != "" && i.server != "":
				return errors.New("--sample names a kind of server, and --server does; leave --server out")
			case i.sample != "" && i.url != "":
				return errors.New("--url says where a configuration's downloads are asked for, and --sample begins without one")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if i.storage != "" && !strings.Contains(i.storage, "://") {
				abs, err := filepath.Abs(i.storage) // configurations know no working folder
				if err != nil {
					return fmt.Errorf("--storage %s: %w", i.storage, err)
				}
				i.storage = abs
			}
			if i.sample != "" {
				return i.begin(std)
			}
			if len(args) == 0 {
				path, err := i.used(cmd.Context(), std)
				if err != nil {
					return err
				}
				return i.run(path, std)
			}
			return i.run(args[0], std)
		},
	}
	f := cmd.Flags()
	f.StringVar(&i.server, "server", "", "the `KIND` of server, where the configuration's shape does not tell")
	f.StringVar(&i.sample, "sample", "", "begin without a configuration, with one for this `KIND` of server")
	f.StringVar(&i.url, "url", "", "the `URL` that downloads are asked for below, where it is not found")
	f.StringVar(&i.storage, "storage", "", "the `FOLDER` of the files, where the configuration does not tell it, or wrongly")
	f.StringVar(&i.backend, "backend", "", "the `ADDRESS` of the application, host:port, where the configuration does not tell it")
	f.StringVarP(&i.folder, "output", "o", ".", "write the new files into this `FOLDER`")
	f.BoolVar(&i.diff, "diff", false, "write nothing; show the new files and the lines to add as a diff")
	complete(cmd, "server", kindNames(readable()))
	complete(cmd, "sample", kindNames(readable()))
	return cmd
}

// proposal is what init would write.
type proposal struct {
	files   []newFile
	changed *newFile // a file of the user's as it would be, never written
	before  string   // what is in it
	sample  bool     // there is no configuration yet
	notes   []string
}

type newFile struct{ name, text string }

// values are what the flags say about the surroundings of a site.
func (i *initFlags) values() server.Values {
	return server.Values{Backend: i.backend, Storage: strings.TrimSuffix(i.storage, "/")}
}

// begin begins without a configuration: with the plainest sample of a kind.
func (i *initFlags) begin(std streams) error {
	kind, err := findKind("--sample", i.sample)
	if err != nil {
		return err
	}
	s := kind.Samples[0].Render(i.values())
	site, _ := propose.Find(kind, conf.Source{Roots: []string{s.Name}, Files: []conf.File{{Path: s.Name, Text: s.Text}}}, propose.Options{})
	return i.write(proposal{
		files:  []newFile{{s.Name, s.Text}, {projectFile, stackFile(site, s.Name)}},
		sample: true,
		notes:  []string{"Put " + s.Name + " where its first lines say, and adapt the addresses in both files."},
	}, std)
}

func (i *initFlags) run(path string, std streams) error {
	var o propose.Options
	if i.url != "" {
		if err := checkURL("--url", i.url, false); err != nil {
			return err
		}
		o.URL, _ = url.Parse(i.url) // checkURL did
	}
	c, err := loadConfiguration(path, i.server, std)
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
	site, ok := propose.Find(c.kind, c.source, o)
	var p proposal
	if !ok || site.Sendfile.Value == "" {
		if site, ok = i.add(c, site, o, &p); !ok {
			fmt.Fprintf(std.err, "proxydiag: %s: no downloads are found in it, and the lines for them would not take effect in it (a module may be missing);"+
				" name their URL with --url, or begin with init --sample %s\n", path, c.kind.Name)
			return exit(exitInconclusive)
		}
	}
	i.correct(&site)
	i.ask(site, &p)
	p.files = append(p.files, newFile{projectFile, stackFile(site, i.configOf(c))})
	return i.write(p, std)
}

// ask tells what the user has to say where it is not as found.
func (i *initFlags) ask(site propose.Site, p *proposal) {
	if at, err := url.Parse(site.Proxy.Value); err == nil && at.Path == "/" && i.url == "" {
		p.notes = append(p.notes, fmt.Sprintf("The configuration names no path for downloads, so they are asked for right below %s. If your\n"+
			"application has them below a path of its own, /files/ say, begin again with --url %sfiles/.", site.Proxy.Value, site.Proxy.Value))
	}
	_, err := os.Stat(site.Storage.Value)
	switch missing := errors.Is(err, fs.ErrNotExist); {
	case site.Storage.Value == "":
		p.notes = append(p.notes, "Which folder the files lie in is not told by the configuration: adapt it in "+projectFile+", or begin again with --storage FOLDER.")
	case missing && p.changed != nil:
		p.notes = append(p.notes, fmt.Sprintf("%s stands in these lines as the folder of the files, and it is not on this machine: begin again with\n"+
			"--storage FOLDER.", site.Storage.Value))
	case missing:
		p.notes = append(p.notes, fmt.Sprintf("%s is the folder that the configuration opens, and it is not on this machine. Where the files\n"+
			"lie elsewhere, begin again with --storage FOLDER: then the check tells what is wrong.", site.Storage.Value))
	}
}

// correct puts what the user knows in the place of what the configuration says:
// if they differ, that is the fault to be found.
func (i *initFlags) correct(site *propose.Site) {
	if i.storage != "" {
		// Where the handoff is the file's own path, files elsewhere have others.
		if kind, prefix, _ := strings.Cut(site.Sendfile.Value, ":"); prefix == strings.TrimSuffix(site.Storage.Value, "/")+"/" {
			site.Sendfile = propose.Fact{Value: kind + ":" + strings.TrimSuffix(i.storage, "/") + "/"}
		}
		site.Storage = propose.Fact{Value: i.storage}
	}
	if backend, err := url.Parse(site.Backend.Value); i.backend != "" && err == nil && backend.Host != "" {
		backend.Host = i.backend
		site.Backend = propose.Fact{Value: backend.String()}
	}
}

// add proposes the part of a site that takes downloads for a configuration
// that has none.
func (i *initFlags) add(c *configuration, site propose.Site, o propose.Options, p *proposal) (propose.Site, bool) {
	if c.kind.Snippet.Text == "" {
		return site, site.Proxy.Value != ""
	}
	v := i.values()
	if backend, err := url.Parse(site.Backend.Value); v.Backend == "" && err == nil {
		v.Backend = backend.Host
	}
	s := c.kind.Snippet.Render(v)
	_, prefix, _ := strings.Cut(s.Sendfile, ":")
	for _, listen := range propose.Addresses(c.kind, c.source, o) {
		source, changed, where, ok := propose.Insert(c.kind, c.source, listen, s.Text)
		if !ok {
			continue
		}
		listen.Path = s.Path
		added, ok := propose.Find(c.kind, source, propose.Options{URL: &listen, Prefix: prefix})
		if !ok || added.Storage.Value != s.Storage {
			continue // it would not take effect there
		}
		before, _ := c.source.File(changed.Path)
		p.files = append(p.files, newFile{"proxydiag." + c.kind.Name + ".conf", s.Text})
		p.changed, p.before = &newFile{changed.Path, changed.Text}, before.Text
		p.notes = append(p.notes, fmt.Sprintf("No downloads are found in it whose backend can be asked over HTTP. Add the lines of proxydiag.%s.conf behind %s, and reload the server.",
			c.kind.Name, where))
		for _, f := range []*propose.Fact{&added.Backend, &added.Storage} {
			f.By = server.RouteStep{} // a place in a file that is not there yet
		}
		return added, true
	}
	return site, site.Proxy.Value != ""
}

// configOf is how proxydiag.yaml names the configuration: relative to itself.
func (i *initFlags) configOf(c *configuration) string {
	if c.path == "-" {
		return ""
	}
	from, err1 := filepath.Abs(i.folder)
	to, err2 := filepath.Abs(c.path)
	rel, err3 := filepath.Rel(from, to)
	if errors.Join(err1, err2, err3) != nil || filepath.IsAbs(c.path) {
		return to
	}
	return rel
}

// write writes the new files, or shows them.
func (i *initFlags) write(p proposal, std streams) error {
	if i.diff {
		var text []byte
		for _, f := range p.files {
			text = append(text, diff.Diff("/dev/null", nil, filepath.Join(i.folder, f.name), []byte(f.text))...)
		}
		if p.changed != nil {
			text = append(text, diff.Diff(p.changed.name, []byte(p.before), p.changed.name, []byte(p.changed.text))...)
		}
		var b strings.Builder
		for line := range strings.Lines(string(text)) {
			b.WriteString(report.Visible(line))
		}
		_, err := io.WriteString(std.out, b.String())
		return err
	}
	for _, f := range p.files {
		path := filepath.Join(i.folder, f.name)
		if _, err := os.Lstat(path); err == nil {
			return fmt.Errorf("%s is there already, and init writes new files only; remove it, name another folder with -o, or look at --diff", path)
		}
	}
	for _, f := range p.files {
		path := filepath.Join(i.folder, f.name)
		if err := create(path, f.text); err != nil {
			return err
		}
		fmt.Fprintln(std.out, "wrote", path)
	}
	for _, note := range p.notes {
		fmt.Fprintln(std.out, note)
	}
	fmt.Fprint(std.out, p.next())
	return nil
}

// next says how to go on. Added lines are for the companion: the application
// knows nothing of them.
func (p proposal) next() string {
	if p.changed != nil {
		return "Then, while nothing else answers on the backend's port (where the application does, begin again with another one:\n" +
			"--backend 127.0.0.1:PORT):\n\n    proxydiag check --all --companion\n"
	}
	if p.sample {
		return "Then, while nothing else answers on the backend's port:\n\n    proxydiag check --all --companion\n\n" +
			"or, with the application running, without --companion.\n"
	}
	return "Then, with the application running (for downloads behind a login add --header 'Cookie: NAME=VALUE'):\n\n" +
		"    proxydiag check --all\n\n" +
		"or, while nothing answers on the backend's port, with --companion, which answers there in its place.\n"
}

// create writes a file that is not there yet.
func create(path, text string) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err == nil {
		_, err = file.WriteString(text)
		err = errors.Join(err, file.Close())
	}
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		err = p.Err
	}
	if err != nil {
		return fmt.Errorf("%s cannot be written: %w; name a folder that may be written with -o", path, err)
	}
	return nil
}

// stackFile is the text of proxydiag.yaml for one stack.
func stackFile(site propose.Site, config string) string {
	var b strings.Builder
	b.WriteString("# One stack to check. Its settings are the flags of 'proxydiag check'.\nstacks:\n  downloads:\n")
	line := func(key string, f propose.Fact) {
		if f.Value == "" {
			return
		}
		if !f.By.Pos.IsZero() {
			fmt.Fprintf(&b, "    # %s:%d: %s\n", f.By.Pos.File, f.By.Pos.Line, firstLine(f.By.Directive))
		}
		fmt.Fprintf(&b, "    %s: %s\n", key, yamlText(f.Value))
	}
	b.WriteString("    # What users ask for, and the same on the application's port: the file's name is added.\n")
	line("proxy", site.Proxy)
	line("backend", site.Backend)
	if site.Storage.Value == "" {
		b.WriteString("    storage: /srv/media # the folder that holds the files: adapt it\n")
	}
	line("storage", site.Storage)
	site.Sendfile.By = server.RouteStep{} // it is the storage's
	line("sendfile", site.Sendfile)
	line("direct", site.Direct)
	if config != "" {
		line("config", propose.Fact{Value: config})
	}
	return b.String()
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(report.Visible(s), "\n")
	if len(s) > 80 {
		s = strings.ToValidUTF8(s[:80], "") + "…"
	}
	return s
}

// yamlText is a value as YAML writes it.
func yamlText(s string) string {
	text, err := yaml.Marshal(s)
	if err != nil {
		return strconv.Quote(s)
	}
	return strings.TrimSpace(string(text))
}
