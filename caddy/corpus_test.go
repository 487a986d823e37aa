package caddy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sections cuts a text at lines of the form "-- name --". What stands before
// the first one is a comment. It keeps the order.
func sections(t testing.TB, file string) (names []string, texts map[string]string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	texts = map[string]string{}
	name := ""
	for line := range strings.Lines(string(data)) {
		if n, ok := strings.CutPrefix(line, "-- "); ok {
			if n, ok = strings.CutSuffix(n, " --\n"); ok {
				name = n
				names = append(names, name)
				texts[name] = ""
				continue
			}
		}
		if name != "" {
			texts[name] += line
		}
	}
	return names, texts
}

// syntaxCase is one configuration of the corpus: its files by name.
type syntaxCase struct {
	ok    bool // Caddy takes it
	files map[string]string
}

// corpus returns the configurations of testdata/syntax.txtar, by name: a
// section is called ok/NAME or bad/NAME, and ok/NAME/FILE for a file that the
// Caddyfile imports.
func corpus(t testing.TB) map[string]syntaxCase {
	t.Helper()
	cases := map[string]syntaxCase{}
	names, texts := sections(t, "syntax.txtar")
	for _, n := range names {
		verdict, rest, _ := strings.Cut(n, "/")
		name, file, several := strings.Cut(rest, "/")
		if !several {
			file = mainFile
		}
		key := verdict + "/" + name
		c, there := cases[key]
		if !there {
			c = syntaxCase{ok: verdict == "ok", files: map[string]string{}}
			cases[key] = c
		}
		c.files[file] = texts[n]
	}
	for name, text := range map[string]string{
		"ok/no-newline-at-end":   ":8080 {\n\trespond hello\n}",
		"ok/no-braces-no-end":    ":8080\nrespond hello",
		"ok/crlf":                ":8080 {\r\n\troot * /srv\r\n\tfile_server\r\n}\r\n",
		"ok/byte-order-mark":     "\ufeff:8080 {\n\trespond hello\n}\n",
		"ok/joined-crlf":         ":8080 {\r\n\troot \\\r\n\t\t* /srv\r\n}\r\n",
		"ok/trailing-whitespace": ":8080 { \t \n\trespond hello \t\n} \n \n",
	} {
		cases[name] = syntaxCase{ok: strings.HasPrefix(name, "ok/"), files: map[string]string{mainFile: text}}
	}
	return cases
}

// write puts the files of a case into a folder.
func (c syntaxCase) write(t testing.TB, dir string) {
	t.Helper()
	for name, text := range c.files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
