package nginx

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/internal/servertest"
)

// corpus returns the configurations of testdata/syntax.txtar, by name, and
// those that cannot be written there.
func corpus(t testing.TB) map[string]servertest.ReadCase {
	t.Helper()
	cases := servertest.ReadCorpus(t, "testdata/syntax.txtar", mainFile)
	// A word, and a comment, must fit into nginx's buffer with the byte behind.
	server := func(s string) string {
		return "events {}\nhttp {\n  server {\n    listen 127.0.0.1:9;\n" + s + "\n  }\n}\n"
	}
	long := func(n int) string { return strings.Repeat("a", n) }
	for name, text := range map[string]string{
		"ok/no-newline-at-end":           "events {}\nhttp {}",
		"ok/crlf":                        strings.ReplaceAll(server("root /x;\n# c"), "\n", "\r\n"),
		"ok/comment-at-end":              "events {}\nhttp {}\n# the end",
		"ok/word-4095":                   server("return 200 " + long(4095) + ";"),
		"ok/quoted-4094":                 server("return 200 '" + long(4094) + "';"),
		"ok/comment-4095":                server("#" + long(4094) + "\nroot /x;"),
		"ok/comment-4096-at-end":         "events {}\nhttp {}\n#" + long(4095),
		"ok/quoted-many-lines":           server("return 200 '" + strings.Repeat("line\n", 800) + "';"),
		"bad/word-4096":                  server("return 200\n\n" + long(4096) + ";\nroot /x;"),
		"bad/missing-quote-long":         server("return 200 \"open;\n" + strings.Repeat("# a line\n", 600)),
		"bad/quoted-4095":                server("return 200 '" + long(4095) + "';\nroot /x;"),
		"bad/comment-4096":               server("#" + long(4095) + "\nroot /x;"),
		"bad/comment-4097-at-end":        "events {}\nhttp {}\n#" + long(4096),
		"bad/missing-semicolon-at-end":   "events {}\nhttp {}\nworker_processes 1",
		"bad/missing-semicolon-at-end-2": "events {}\nhttp {}\nworker_processes 1 # one\n",
		"bad/end-in-word":                "events {}\nhttp {}\nworker_proc",
		"bad/end-in-quote":               "events {}\nhttp {}\nuser \"a\n\n",
		"bad/end-after-quote":            "events {}\nhttp {}\nuser \"a\"",
		"bad/end-after-escape":           "events {}\nhttp {}\nuser a\\",
		"bad/utf-16":                     "e\x00v\x00e\x00n\x00t\x00s\x00 \x00{\x00}\x00\n\x00",
		"bad/byte-order-mark":            "\xef\xbb\xbfevents {}\nhttp {}\n",
		"bad/byte-order-mark-comment":    "\xef\xbb\xbf# hello\nevents {}\nhttp {}\n",
	} {
		cases[name] = servertest.ReadCase{OK: strings.HasPrefix(name, "ok/"), Files: map[string]string{mainFile: text}}
	}
	return cases
}

// inFolder puts the files of a case into a folder and returns the main file.
func inFolder(t testing.TB, c servertest.ReadCase, dir string) string {
	t.Helper()
	c.Write(t, dir, nil)
	return filepath.Join(dir, mainFile)
}
