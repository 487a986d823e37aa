package nginx

import (
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/load"
)

// memory is a file system of texts; names are relative.
func memory(files map[string]string) fstest.MapFS {
	m := fstest.MapFS{}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
	}
	return m
}

// locked is a file system in which one file cannot be opened.
type locked struct {
	fstest.MapFS
	name string
}

func (l locked) Open(name string) (fs.File, error) {
	if name == l.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EACCES}
	}
	return l.MapFS.Open(name)
}

// outline prints the directives with their places, blocks indented.
func outline(d *conf.Directive) string {
	var b strings.Builder
	var walk func(d *conf.Directive, indent string)
	walk = func(d *conf.Directive, indent string) {
		for _, c := range d.Block {
			fmt.Fprintf(&b, "%s%s %s\n", indent, c.Pos, c)
			walk(c, indent+"  ")
		}
	}
	walk(d, "")
	return b.String()
}

func read(t *testing.T, path string, files fs.FS) (*Config, error) {
	t.Helper()
	s, err := Load(path, load.Options{FS: files})
	if err != nil {
		t.Fatal(err)
	}
	return Parse(s)
}

func TestLoadIncludes(t *testing.T) {
	files := memory(map[string]string{
		"etc/nginx.conf":       "events {}\nhttp {\n  include conf.d/*.conf;\n  include \"extra/b c.inc\";\n}\n",
		"etc/conf.d/b.conf":    "server { listen 2; }\n",
		"etc/conf.d/a.conf":    "server {\n  listen 1;\n  include extra/loc.inc;\n}\n",
		"etc/conf.d/.x.conf":   "hidden {",
		"etc/extra/loc.inc":    "location /a { root /x; }\n",
		"etc/extra/b c.inc":    "types { text/html html; }\n",
		"etc/unrelated/x.conf": "broken {",
	})
	s, err := Load("etc/nginx.conf", load.Options{FS: files})
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for _, f := range s.Files {
		paths = append(paths, f.Path)
	}
	if d := cmp.Diff([]string{"etc/nginx.conf", "etc/conf.d/a.conf", "etc/extra/loc.inc", "etc/conf.d/b.conf", "etc/extra/b c.inc"}, paths); d != "" {
		t.Error(d)
	}
	c, err := Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	want := `etc/nginx.conf:1:1 events
etc/nginx.conf:2:1 http
  etc/nginx.conf:3:3 include conf.d/*.conf
  etc/conf.d/a.conf:1:1 server
    etc/conf.d/a.conf:2:3 listen 1
    etc/conf.d/a.conf:3:3 include extra/loc.inc
    etc/extra/loc.inc:1:1 location /a
      etc/extra/loc.inc:1:15 root /x
  etc/conf.d/b.conf:1:1 server
    etc/conf.d/b.conf:1:10 listen 2
  etc/nginx.conf:4:3 include "extra/b c.inc"
  etc/extra/b c.inc:1:1 types
    etc/extra/b c.inc:1:9 text/html html
`
	if d := cmp.Diff(want, outline(c.Top)); d != "" {
		t.Error(d)
	}
	if c.Fragment || c.HTTP == nil || c.HTTP.Pos.Line != 2 {
		t.Errorf("%+v", c)
	}
}

func TestLoadShapes(t *testing.T) {
	server := "server { listen 80; }\n"
	for _, c := range []struct {
		name, path string
		files      map[string]string
		roots      []string
		prefix     string
		servers    int
	}{
		{"a folder with its main file", "etc/", map[string]string{"etc/nginx.conf": "events {} http { include a.conf; }", "etc/a.conf": server}, []string{"etc/nginx.conf"}, "etc", 1},
		{"a folder of sites", "conf.d", map[string]string{"conf.d/a.conf": server, "conf.d/b.conf": server, "conf.d/readme.txt": "{{{"}, []string{"conf.d/a.conf", "conf.d/b.conf"}, "conf.d", 2},
		{"sites-available", "n/sites-available", map[string]string{"n/nginx.conf": "events {}", "n/sites-available/default": server + "include snippets/x;\n", "n/snippets/x": server, "n/sites-available/default~": "{{"}, []string{"n/sites-available/default"}, "n", 2},
		{"a folder above sites", "n", map[string]string{"n/sites-enabled/one": server, "n/README": "hello"}, []string{"n/sites-enabled/one"}, "n/sites-enabled", 1},
		{"a site", "n/conf.d/a.conf", map[string]string{"n/nginx.conf": "events {}", "n/conf.d/a.conf": "server { include inc/x; }", "n/inc/x": "listen 80;"}, []string{"n/conf.d/a.conf"}, "n", 1},
		{"a location alone", "a.conf", map[string]string{"a.conf": "location /dl/ { proxy_pass http://x; }\nlocation /p/ { internal; alias /m/; }\n"}, []string{"a.conf"}, "", 1},
		{"directives alone", "a.conf", map[string]string{"a.conf": "internal;\nalias /m/;\n"}, []string{"a.conf"}, "", 1},
		{"settings alone", "a.conf", map[string]string{"a.conf": "gzip on;\n"}, []string{"a.conf"}, "", 0},
		{"an upstream and a location", "a.conf", map[string]string{"a.conf": "upstream u { server x; }\nroot /x;\nlocation / { proxy_pass http://u; }\n"}, []string{"a.conf"}, "", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := memory(c.files)
			s, err := Load(c.path, load.Options{FS: files})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.roots, s.Roots); d != "" || s.Prefix != c.prefix {
				t.Errorf("prefix %q, roots: %s", s.Prefix, d)
			}
			parsed, err := Parse(s)
			if err != nil {
				t.Fatal(err)
			}
			if n := len(parsed.HTTP.All("server")); n != c.servers {
				t.Errorf("%d servers in\n%s", n, outline(parsed.HTTP))
			}
			parsed.HTTP.Walk(func(d *conf.Directive) bool {
				for _, in := range d.Block {
					if in.Parent != d {
						t.Errorf("the parent of %s is %v", in, in.Parent)
					}
				}
				return true
			})
		})
	}
}

func TestLoadProblems(t *testing.T) {
	loop := map[string]string{"nginx.conf": "events {}\nhttp {\n  include a.conf;\n}\n", "a.conf": "include b.conf;\n", "b.conf": "\n  include a.conf;\n"}
	for _, c := range []struct {
		name, path string
		files      fs.FS
		kind       conf.Kind
		want       string
	}{
		{"nothing", "x.conf", memory(nil), conf.Missing, `"x.conf" is not there`},
		{"a folder without anything", "d", memory(map[string]string{"d/README": "x"}), conf.Empty, "d: the folder holds no nginx.conf and no *.conf"},
		{"an empty file", "a.conf", memory(map[string]string{"a.conf": " \n"}), conf.Empty, "a.conf: the file is empty"},
		{"a missing include", "nginx.conf", memory(map[string]string{"nginx.conf": "events {}\nhttp {\n  include x.conf;\n}"}), conf.Missing, `nginx.conf:3:3: "x.conf" is not there`},
		{"a cycle", "nginx.conf", memory(loop), conf.Cycle, `b.conf:2:3: "a.conf" includes itself: a.conf → b.conf → a.conf`},
		{"an unreadable include", "nginx.conf", locked{memory(map[string]string{"nginx.conf": "events {}\nhttp { include k*.conf; }", "key.conf": "x"}), "key.conf"}, conf.Unreadable, `nginx.conf:2:8: "key.conf" cannot be read: permission denied`},
		{"an unreadable main file", "nginx.conf", locked{memory(map[string]string{"nginx.conf": "x"}), "nginx.conf"}, conf.Unreadable, `"nginx.conf" cannot be read: permission denied`},
		{"a binary file", "a.conf", memory(map[string]string{"a.conf": "\x7fELF\n\x02\x01\x00\x00"}), conf.NotText, "a.conf:2:3: not a text file"},
		{"a binary include", "a.conf", memory(map[string]string{"a.conf": "include b;", "b": "\x00"}), conf.NotText, "b:1:1: not a text file"},
		{"50 MiB", "a.conf", memory(map[string]string{"a.conf": strings.Repeat("# line\n", 50<<20/7)}), conf.TooLarge, `"a.conf" is larger than 16 MiB`},
		{"50 MiB included", "a.conf", memory(map[string]string{"a.conf": "\ninclude b;", "b": strings.Repeat("# line\n", 50<<20/7)}), conf.TooLarge, `a.conf:2:1: "b" is larger than 16 MiB`},
		{"blocks without end", "a.conf", memory(map[string]string{"a.conf": strings.Repeat("a {", 1<<20)}), conf.TooLarge, "more than 200 blocks within each other"},
		{"a Lua block without end", "a.conf", memory(map[string]string{"a.conf": "location / {\n  content_by_lua_block {\n ngx.say('}')\n"}), conf.Syntax, `a.conf:2:24: the Lua block that opens here`},
		{"a forgotten semicolon", "a.conf", memory(map[string]string{"a.conf": "location / {\n  alias /x/\n  internal;\n}"}), conf.Syntax, `a.conf:2:3: invalid number of arguments in "alias" directive: a ";" may be missing before "internal" in line 3`},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := Load(c.path, load.Options{FS: c.files})
			if err == nil {
				_, err = Parse(s)
			}
			var e *conf.Error
			if !errors.As(err, &e) {
				t.Fatalf("got %v", err)
			}
			if e.Problems[0].Kind != c.kind || !strings.HasPrefix(e.Error(), c.want) && !strings.Contains(e.Error(), ": "+c.want) {
				t.Errorf("got %s: %v", e.Problems[0].Kind, err)
			}
		})
	}
}

// TestLoadDoubling: each of 60 files includes the next one twice.
func TestLoadDoubling(t *testing.T) {
	files := map[string]string{"nginx.conf": "events {}\nhttp { include f0; }\n", "f60": "add_header A b;"}
	for i := range 60 {
		files[fmt.Sprintf("f%d", i)] = fmt.Sprintf("include f%d; # %s\ninclude f%d;\n", i+1, strings.Repeat("x", 4000), i+1)
	}
	_, err := read(t, "nginx.conf", memory(files))
	var e *conf.Error
	if !errors.As(err, &e) || !e.Only(conf.TooLarge) || len(e.Problems) != 1 {
		t.Errorf("got %v", err)
	}
}

func TestProblemsOfSeveralFiles(t *testing.T) {
	_, err := read(t, "nginx.conf", memory(map[string]string{
		"nginx.conf": "events {}\nhttp {\n include a;\n include missing;\n include b;\n}\n", "a": "root /x\n}", "b": "\nserver {\n",
	}))
	want := `a:2:1: unexpected "}"
nginx.conf:4:2: "missing" is not there
b:3:1: unexpected end of file, expecting "}" for the block "server" of line 2`
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

const dump = `nginx: the configuration file /etc/nginx/nginx.conf syntax is ok
nginx: configuration file /etc/nginx/nginx.conf test is successful
# configuration file /etc/nginx/nginx.conf:
events {}
http {
    include /etc/nginx/conf.d/*.conf;
    include mime.types;
}

# configuration file /etc/nginx/conf.d/a.conf:
server {
    listen 80;
}
# configuration file /etc/nginx/mime.types:
types { text/html html; }

`

func TestLoadDump(t *testing.T) {
	want := `/etc/nginx/nginx.conf:1:1 events
/etc/nginx/nginx.conf:2:1 http
  /etc/nginx/nginx.conf:3:5 include /etc/nginx/conf.d/*.conf
  /etc/nginx/conf.d/a.conf:1:1 server
    /etc/nginx/conf.d/a.conf:2:5 listen 80
  /etc/nginx/nginx.conf:4:5 include mime.types
  /etc/nginx/mime.types:1:1 types
    /etc/nginx/mime.types:1:9 text/html html
`
	fromStdin, err := Load("-", load.Options{Stdin: strings.NewReader(dump)})
	if err != nil {
		t.Fatal(err)
	}
	fromFile, err := Load("d.txt", load.Options{FS: memory(map[string]string{"d.txt": dump})})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(fromStdin, fromFile); d != "" {
		t.Error(d)
	}
	c, err := Parse(fromStdin)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, outline(c.Top)); d != "" {
		t.Error(d)
	}
	crlf, err := Load("-", load.Options{Stdin: strings.NewReader(strings.ReplaceAll(dump, "\n", "\r\n"))})
	if err != nil {
		t.Fatal(err)
	}
	if c, err = Parse(crlf); err != nil || outline(c.Top) != want {
		t.Errorf("%v: %s", err, outline(c.Top))
	}

	cut, _, _ := strings.Cut(dump, "# configuration file /etc/nginx/mime.types")
	s, err := Load("-", load.Options{Stdin: strings.NewReader(cut)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err = Parse(s); err == nil || err.Error() != `/etc/nginx/nginx.conf:4:5: "/etc/nginx/mime.types" is not there` {
		t.Errorf("a dump that was cut off: %v", err)
	}
	if _, err = Load("-", load.Options{Stdin: strings.NewReader("\n")}); err == nil || !strings.Contains(err.Error(), "standard input is empty") {
		t.Errorf("nothing on standard input: %v", err)
	}
	s, err = Load("-", load.Options{Stdin: strings.NewReader("server { listen 80; }")})
	if err != nil || len(s.Roots) != 1 || s.Roots[0] != "standard input" {
		t.Errorf("a plain file on standard input: %v, %v", s, err)
	}
}

// TestDumpIsWhatNginxDumps holds the dump's reader to nginx: from its dump we
// read the same directives at the same places as from the files.
func TestDumpIsWhatNginxDumps(t *testing.T) {
	binary := need.Server(t, "nginx")
	for name, c := range corpus(t) {
		if !c.OK {
			continue
		}
		main := inFolder(t, c, t.TempDir())
		out, err := exec.Command(binary, "-T", "-p", filepath.Dir(main), "-c", main, "-e", "stderr").Output()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var trees []string
		for _, o := range []load.Options{{}, {Stdin: strings.NewReader(string(out))}} {
			path := main
			if o.Stdin != nil {
				path = "-"
			}
			s, err := Load(path, o)
			if err != nil {
				t.Fatal(err)
			}
			c, err := Parse(s)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			trees = append(trees, outline(c.Top))
		}
		if d := cmp.Diff(trees[0], trees[1]); d != "" {
			t.Errorf("%s (-files +dump):\n%s", name, d)
		}
	}
}

func TestLuaBlocks(t *testing.T) {
	text := `location / {
  content_by_lua_block {
    -- it's a } comment
    --[[ long } comment ]]
    local s = "}" .. '}\'' .. [[ } ]] .. [==[ ]] } ]==]
    local t = { a = { 1, 2 } } -- {
    if a[b[1]] then ngx.say("{") end
  }
  set_by_lua_block $x { return "}" }
  root /x;
}
`
	c, err := read(t, "a.conf", memory(map[string]string{"a.conf": text}))
	if err != nil {
		t.Fatal(err)
	}
	want := "a.conf:1:1 location /\n  a.conf:2:3 content_by_lua_block\n  a.conf:9:3 set_by_lua_block $x\n  a.conf:10:3 root /x\n"
	if d := cmp.Diff(want, outline(c.Top)); d != "" {
		t.Error(d)
	}
	lua := c.Top.Block[0].Block[0]
	if !strings.HasPrefix(lua.Body, "\n    -- it's") || !strings.HasSuffix(lua.Body, "end\n  ") || lua.End.Line != 8 || lua.End.Column != 3 {
		t.Errorf("%q ends at %s", lua.Body, lua.End)
	}
}
