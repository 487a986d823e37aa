package apache

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
)

// memory is a file system with absolute names.
type memory fstest.MapFS

func (m memory) Open(name string) (fs.File, error) {
	return fstest.MapFS(m).Open(strings.TrimPrefix(name, "/"))
}

func files(pairs ...string) memory {
	m := memory{}
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	return m
}

// kindOf is the kind of the first problem.
func kindOf(err error) conf.Kind {
	var e *conf.Error
	if errors.As(err, &e) && len(e.Problems) > 0 {
		return e.Problems[0].Kind
	}
	return ""
}

func TestLoadFolder(t *testing.T) {
	debian := files(
		"etc/apache2/apache2.conf", "IncludeOptional mods-enabled/*.load\nDefine X ${APACHE_LOG_DIR}\nErrorLog ${X}/error.log\nIncludeOptional sites-enabled/*.conf\n",
		"etc/apache2/envvars", "# x\nif [ a ]; then\n\tSUFFIX=\"-${APACHE_CONFDIR##/etc/apache2-}\"\nelse\n\tSUFFIX=\nfi\nexport APACHE_LOG_DIR=/var/log/apache2$SUFFIX\nexport LANG=C\n",
		"etc/apache2/mods-enabled/xsendfile.load", "LoadModule xsendfile_module /usr/lib/apache2/modules/mod_xsendfile.so\n",
		"etc/apache2/sites-enabled/site.conf", "<VirtualHost *:80>\nServerName a\n</VirtualHost>\n",
		"etc/apache2/sites-enabled/site.conf~", "Nonsense\n",
		"etc/apache2/sites-available/part.conf", "Include snippets/x.conf\n<IfModule mod_xsendfile.c>\nXSendFile On\n</IfModule>\n<IfModule !mod_xsendfile.c>\nTimeout 3\n</IfModule>\n<IfDefine SOMETHING>\nTimeout 4\n</IfDefine>\n",
		"etc/apache2/snippets/x.conf", "Timeout 1\n",
	)
	for name, want := range map[string][]string{
		"/etc/apache2": {
			`apache2.conf:3: ErrorLog ["/var/log/apache2/error.log"]`, `site.conf:1: VirtualHost ["*:80"]`, `  site.conf:2: ServerName ["a"]`,
		},
		"/etc/apache2/sites-enabled/":            {`site.conf:1: VirtualHost ["*:80"]`, `  site.conf:2: ServerName ["a"]`},
		"/etc/apache2/sites-available/part.conf": {`x.conf:1: Timeout ["1"]`, `part.conf:3: XSendFile ["On"]`},
	} {
		s, err := Load(name, LoadOptions{FS: debian})
		if err != nil {
			t.Fatal(err)
		}
		c, err := Parse(s)
		if err != nil {
			t.Error(err)
		}
		if d := cmp.Diff(want, flat(c.Top, 0)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		if main := name == "/etc/apache2"; c.Fragment == main || c.ModulesKnown != main {
			t.Errorf("%s: fragment %v, modules known %v", name, c.Fragment, c.ModulesKnown)
		}
		loaded, known := c.Loaded("mod_xsendfile.c")
		if wantLoaded := !strings.Contains(name, "enabled"); loaded != wantLoaded || known != wantLoaded {
			t.Errorf("%s: loaded %v %v", name, loaded, known)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		fs   memory
		in   string
		want conf.Kind
	}{
		{"/nowhere.conf", files(), "", conf.Missing},
		{"/empty", files("empty/readme.txt", "x"), "", conf.Empty},
		{"/x.conf", files("x.conf", " \n"), "", conf.Empty},
		{"-", nil, "", conf.Empty},
		{"-", nil, "AH00558: apache2: Could not determine the server's name\nSyntax OK\n", conf.Empty},
		{"/large.conf", files("large.conf", strings.Repeat("x", load.MaxFile+1)), "", conf.TooLarge},
	} {
		_, err := Load(c.name, LoadOptions{FS: c.fs, Stdin: strings.NewReader(c.in)})
		if kindOf(err) != c.want {
			t.Errorf("%s: %v", c.name, err)
		}
		if c.want == conf.Empty && c.name == "-" && !strings.Contains(err.Error(), "LoadModule info_module") {
			t.Errorf("does not say how to make a dump: %v", err)
		}
	}
	if _, err := Load(t.TempDir()+"/x", LoadOptions{}); kindOf(err) != conf.Missing {
		t.Error(err)
	}
	for text, want := range map[string]conf.Kind{
		"a\x00b":                     conf.NotText,
		"Include main.conf\n":        conf.Cycle,
		"<A>\n":                      conf.Syntax,
		strings.Repeat("<A>\n", 300): conf.TooLarge,
		"Define A " + strings.Repeat("x", 1<<10) + "\n" + strings.Repeat("Define A ${A}${A}\n", 40): conf.TooLarge,
	} {
		if _, err := Parse(conf.Source{Roots: []string{"main.conf"}, Files: []conf.File{{Path: "main.conf", Text: text}}}); kindOf(err) != want {
			t.Errorf("%.40q: %v, want %v", text, kindOf(err), want)
		}
	}
}

func TestDump(t *testing.T) {
	const dump = `Loaded Modules:
 core_module (static)
 alias_module (shared)
# In file: /etc/apache2/sites-enabled/a.conf
#   3:
<VirtualHost *:80>
  #   4:
  XSendFilePath /srv/media
  #   6:
  <Location "/x">
  # In file: macro 'm' (defined on line 20 of "/etc/apache2/macros.conf") used on line 9 of "/etc/apache2/sites-enabled/a.conf"
  #   1:
  Header set X  "a b"
</VirtualHost>
Syntax OK
`
	s, err := Load("-", LoadOptions{Stdin: strings.NewReader(dump)})
	if err != nil {
		t.Fatal(err)
	}
	c, err := Parse(s)
	if err != nil {
		t.Error(err)
	}
	want := []string{
		`a.conf:3: VirtualHost ["*:80"]`, `  a.conf:4: XSendFilePath ["/srv/media"]`, `  a.conf:6: Location ["/x"]`, `  macros.conf:21: Header ["set" "X" "a b"]`,
	}
	if d := cmp.Diff(want, flat(c.Top, 0)); d != "" || !c.Dump || c.Fragment {
		t.Error(d, c.Dump, c.Fragment)
	}
	if got := c.Source.Excerpt(c.Top.Block[0].Block[0].Pos, 13); !strings.HasPrefix(got, "4 | XSendFilePath /srv/media\n") {
		t.Errorf("%q", got)
	}
	if _, ok := c.Modules["alias_module"]; !ok || !c.ModulesKnown {
		t.Error("modules are not known")
	}
	if on, known := c.Loaded("xsendfile_module"); on || !known {
		t.Error("XSendFilePath alone does not load a module that is not listed")
	}
}

func TestPlaces(t *testing.T) {
	const text = "Define P /srv/media\n<Macro m $x>\n  XSendFilePath \"$x/${P}\" \\\n     more\n</Macro>\nUse m a\n\t XSendFilePath ${P}/x '${P}'\n"
	c := reparsed(t, conf.Source{Roots: []string{"f"}, Files: []conf.File{{Path: "f", Text: text}}})
	var got []string
	for _, d := range c.Top.All("XSendFilePath") {
		got = append(got, d.String()+" at "+d.Pos.String())
		for _, a := range d.Args {
			got = append(got, a.Raw+" = "+a.Text+" at "+a.Pos.String())
		}
	}
	want := []string{
		`XSendFilePath "$x/${P}" more at f:3:3`, `"$x/${P}" = a//srv/media at f:3:17`, `more = more at f:4:6`,
		`XSendFilePath ${P}/x '${P}' at f:7:3`, `${P}/x = /srv/media/x at f:7:17`, `'${P}' = /srv/media at f:7:24`,
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestGuards(t *testing.T) {
	const text = "PidFile x\n<VirtualHost *:80>\n<IfModule mod_xsendfile.c>\n XSendFile On\n <Location /x>\n XSendFilePath /srv\n </Location>\n</IfModule>\n<IfDefine !OFF>\nTimeout 3\n</IfDefine>\n<IfVersion >= 2.4.10>\n</IfVersion>\n</VirtualHost>\nHeader set X ${NONE}\n"
	c := reparsed(t, conf.Source{Roots: []string{"f"}, Files: []conf.File{{Path: "f", Text: text}}})
	var got []string
	for _, g := range c.Guards {
		state := map[bool]string{true: "in force", false: "left out"}[g.Open]
		if !g.Known {
			state += ", assumed"
		}
		got = append(got, g.Directive.Parent.Name+": "+g.Directive.String()+": "+state+": "+g.Why)
	}
	want := []string{
		"VirtualHost: IfModule mod_xsendfile.c: left out: mod_xsendfile is not loaded",
		"VirtualHost: IfDefine !OFF: in force: OFF is not defined",
		"VirtualHost: IfVersion >= 2.4.10: in force, assumed: Apache's version satisfies >= 2.4.10",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	off := c.Guards[0].Directive
	if d := cmp.Diff([]string{`f:4: XSendFile ["On"]`, `f:5: Location ["/x"]`, `  f:6: XSendFilePath ["/srv"]`}, flat(off, 0)); d != "" {
		t.Error(d)
	}
	if off.Pos.Line != 3 || off.End.Line != 8 {
		t.Errorf("%v to %v", off.Pos, off.End)
	}
	if d := cmp.Diff([]string{"NONE"}, c.Undefined); d != "" {
		t.Error(d)
	}
}

// TestReadsInstalled reads Debian's own configuration, with the variables of
// its envvars.
func TestReadsInstalled(t *testing.T) {
	binary := need.Server(t, program)
	const dir = "/etc/apache2"
	vars, err := os.ReadFile(dir + "/" + envFile)
	if err != nil {
		t.Skip("not Debian's: ", err)
	}
	env := map[string]string{}
	assignments(string(vars), env)
	for _, name := range []string{"APACHE_RUN_DIR", "APACHE_LOG_DIR", "APACHE_LOCK_DIR"} {
		if env[name] == "" {
			t.Errorf("%s is not found", name)
		}
		env[name] = t.TempDir() // those of the system need not be there
	}
	modules, err := modulesFolder()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "-f", dir+"/"+mainFile, "-C", "LoadModule info_module "+modules+"/mod_info.so", "-t", "-D", "DUMP_CONFIG")
	for k, v := range env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	dump, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "dump")
	if err := os.WriteFile(file, dump, 0o644); err != nil {
		t.Fatal(err)
	}
	want, _ := parsed(t, file)
	s, err := Load(dir, LoadOptions{Env: env})
	if err != nil {
		t.Fatal(err)
	}
	got := reparsed(t, s)
	if len(got.Undefined) > 0 {
		t.Error(got.Undefined)
	}
	if d := cmp.Diff(flat(want.Top, 0), flat(got.Top, 0)); d != "" {
		t.Error(d)
	}
}

// TestMacroElsewhere: in a part of a configuration a macro may be defined in what
// was not read; in a whole one it may not.
func TestMacroElsewhere(t *testing.T) {
	const site = "Use Dl x /dl/\n<VirtualHost *:80>\nServerName a\nProxyPass / http://127.0.0.1:8000/\n</VirtualHost>\n"
	for text, want := range map[string]conf.Kind{site: conf.Missing, "ServerRoot /etc\n" + site: conf.Syntax} {
		c, err := Parse(conf.Source{Roots: []string{"f"}, Files: []conf.File{{Path: "f", Text: text}}})
		if got := kindOf(err); got != want || c.Top.First("VirtualHost") == nil {
			t.Errorf("%q, want %q: %v", got, want, err)
		}
	}
}
