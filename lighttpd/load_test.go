package lighttpd

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
	"github.com/proxydiag/proxydiag/pkg/server/route"
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

// read loads and parses, and gives the blocks and the problems.
func read(t *testing.T, name string, o load.Options) (*Config, []string) {
	t.Helper()
	s, err := Load(name, o)
	var c *Config
	if err == nil {
		c, err = Parse(s)
	}
	var e *conf.Error
	var problems []string
	if errors.As(err, &e) {
		for _, p := range e.Problems {
			problems = append(problems, string(p.Kind)+" "+p.String())
		}
	} else if err != nil {
		t.Fatal(err)
	}
	return c, problems
}

func TestLoadDebian(t *testing.T) {
	debian := files(
		"etc/lighttpd/lighttpd.conf", "server.modules = ( \"mod_access\" )\nserver.document-root = \"/var/www\"\nserver.port = 80\n"+
			"include_shell \"/usr/share/lighttpd/use-ipv6.pl \" + server.port\ninclude_shell \"/usr/share/lighttpd/create-mime.conf.pl\"\ninclude \"conf-enabled/*.conf\"\n",
		"etc/lighttpd/conf-available/50-downloads.conf", downloads,
		"etc/lighttpd/conf-enabled/50-downloads.conf", downloads,
		"etc/lighttpd/conf-enabled/50-downloads.conf~", "nonsense = (",
		"srv/old/lighttpd.conf", "include_shell \"/usr/share/lighttpd/include-conf-enabled.pl\"\n",
	)
	for _, name := range []string{"/etc/lighttpd", "/etc/lighttpd/lighttpd.conf", "/srv/old", "/etc/lighttpd/conf-enabled", "/etc/lighttpd/conf-available/50-downloads.conf"} {
		c, problems := read(t, name, load.Options{FS: debian})
		if problems != nil {
			t.Errorf("%s: %q", name, problems)
			continue
		}
		if main := strings.HasSuffix(strings.TrimSuffix(name, "/lighttpd.conf"), "etc/lighttpd"); c.Fragment == main || len(c.Blocks) != 5 {
			t.Errorf("%s: fragment %v, %d blocks", name, c.Fragment, len(c.Blocks))
		}
	}
	if c, problems := read(t, "-", load.Options{Stdin: strings.NewReader("config {\n    server.document-root = \"/x\"\n\n    $HTTP[\"url\"] =^ \"/\" {\n        # block 1\n\n    } # end of x\n}\n")}); problems != nil || c.Fragment || len(c.Blocks) != 2 {
		t.Errorf("printed: %q %+v", problems, c)
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, want := range map[string]conf.Kind{"/nowhere.conf": conf.Missing, "/empty": conf.Empty, "/blank.conf": conf.Empty} {
		_, problems := read(t, name, load.Options{FS: files("empty/readme.txt", "x", "blank.conf", "\n")})
		if len(problems) != 1 || !strings.HasPrefix(problems[0], string(want)+" ") {
			t.Errorf("%s: %q", name, problems)
		}
	}
}

// TestUnknown: what is not known here is said, and goes no further.
func TestUnknown(t *testing.T) {
	c, problems := read(t, "/l.conf", load.Options{FS: files("l.conf", "include_shell \"date\"\nserver.tag = var.from_shell\nvar.home = env.HOME + \"/x\"\ninclude env.EXTRA\ninclude \"gone.conf\"\n$HTTP[\"host\"] == env.HOST { server.tag = \"y\" }\n")})
	want := []string{
		`unreadable /l.conf:1:1: include_shell is not executed: what "date" prints is not known`,
		`unreadable /l.conf:4:1: include: what it includes is not known: the environment variable EXTRA of lighttpd is not known`,
		`missing /l.conf:5:1: file "/gone.conf" is not there`,
	}
	if d := cmp.Diff(want, problems); d != "" {
		t.Error(d)
	}
	for name, why := range map[string]string{"server.tag": "var.from_shell is not set here; an include_shell may set it", "var.home": "the environment variable HOME of lighttpd is not known"} {
		if got := c.Blocks[0].Get(name).Value.unknown(); got != why {
			t.Errorf("%s: %q", name, got)
		}
	}
}

func TestDropped(t *testing.T) {
	c, problems := read(t, "/l.conf", load.Options{FS: files("l.conf", "server.tag on \"x\"\n= \"y\";\nvar.a = 1\n")})
	if len(problems) != 1 || c.Dropped != nil && len(c.Dropped) == 0 {
		t.Errorf("%q %+v", problems, c.Dropped)
	}
	c, problems = read(t, "/l.conf", load.Options{FS: files("l.conf", "server.tag on \"x\"\n= \"y\"\nvar.a = 1 }\n")})
	var dropped []string
	for _, d := range c.Dropped {
		dropped = append(dropped, d.Pos.String()+" "+d.Text)
	}
	if d := cmp.Diff([]string{"/l.conf:1:12 on", `/l.conf:1:15 "x"`, "/l.conf:3:11 }"}, dropped); d != "" || problems != nil {
		t.Errorf("%q %s", problems, d)
	}
}

// TestDoubling: variables that are put into each other end.
func TestDoubling(t *testing.T) {
	for _, line := range []string{"var.a += var.a\n", "var.b := ( var.b, var.b )\n", "var.a := var.a + var.a + \"x\"\n"} {
		_, problems := read(t, "/l.conf", load.Options{FS: files("l.conf", "var.a = \"0123456789\"\nvar.b = ( \"x\" )\n"+strings.Repeat(line, 100))})
		if len(problems) != 1 || !strings.HasPrefix(problems[0], string(conf.TooLarge)) {
			t.Errorf("%s: %q", line, problems)
		}
	}
	c, _ := read(t, "/l.conf", load.Options{FS: files("l.conf", "server.modules = ( \"mod_rewrite\" )\nserver.document-root = \"/\"\nurl.rewrite-repeat = ( \"^(.*)$\" => \"$1$1\" )\n")})
	if way := NewRouter(c, RouterOptions{}).Route(route.Request{URI: "/x"}); way.Outcome != route.Failed {
		t.Errorf("%s", way.Outcome)
	}
}
