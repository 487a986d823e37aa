// Package need finds the real servers that tests run.
package need

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/pkg/server/proc"
)

// Variable names the environment variable that lists, separated by commas, the
// servers without which a test must fail. CI sets it, so that nothing is
// skipped there.
const Variable = "PROXYDIAG_REQUIRE"

// Server returns the path of a server's program, or of another one that a test runs. Where it is not installed the
// test is skipped, or fails if Variable lists it.
func Server(t testing.TB, program string) string {
	t.Helper()
	path, err := proc.Find(program)
	if err == nil {
		return path
	}
	missing(t, program, err)
	return ""
}

// Program is Server for a program that is looked for at one path only.
func Program(t testing.TB, program, path string) string {
	t.Helper()
	if _, err := os.Stat(path); err != nil {
		missing(t, program, err)
	}
	return path
}

func missing(t testing.TB, program string, err error) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv(Variable), ","), program) {
		t.Fatalf("%s requires %s: %v", Variable, program, err)
	}
	t.Skipf("%v (make test installs it)", err)
}
