package caddy

import (
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/internal/servertest"
)

// corpus returns the configurations of testdata/syntax.txtar, by name, and
// those that cannot be written there.
func corpus(t testing.TB) map[string]servertest.ReadCase {
	t.Helper()
	cases := servertest.ReadCorpus(t, "testdata/syntax.txtar", mainFile)
	for name, text := range map[string]string{
		"ok/no-newline-at-end":   ":8080 {\n\trespond hello\n}",
		"ok/no-braces-no-end":    ":8080\nrespond hello",
		"ok/crlf":                ":8080 {\r\n\troot * /srv\r\n\tfile_server\r\n}\r\n",
		"ok/byte-order-mark":     "\ufeff:8080 {\n\trespond hello\n}\n",
		"ok/joined-crlf":         ":8080 {\r\n\troot \\\r\n\t\t* /srv\r\n}\r\n",
		"ok/trailing-whitespace": ":8080 { \t \n\trespond hello \t\n} \n \n",
	} {
		cases[name] = servertest.ReadCase{OK: strings.HasPrefix(name, "ok/"), Files: map[string]string{mainFile: text}}
	}
	return cases
}
