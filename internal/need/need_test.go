package need

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// recorder is a test that notes how it ends.
type recorder struct {
	testing.TB
	ends []string
}

func (*recorder) Helper() {}

func (r *recorder) Fatalf(string, ...any) { r.ends = append(r.ends, "fail") }

func (r *recorder) Skipf(string, ...any) { r.ends = append(r.ends, "skip") }

func TestServer(t *testing.T) {
	for name, c := range map[string]struct {
		program, required string
		want              []string
	}{
		"there":                {"sh", "", nil},
		"there and required":   {"sh", "sh", nil},
		"missing":              {"no-such-server", "", []string{"skip"}},
		"another is required":  {"no-such-server", "sh,server", []string{"skip"}},
		"missing and required": {"no-such-server", "sh,no-such-server", []string{"fail", "skip"}}, // a real Fatalf does not return
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(Variable, c.required)
			r := &recorder{TB: t}
			path := Server(r, c.program)
			if d := cmp.Diff(c.want, r.ends); d != "" {
				t.Errorf("how the test ends (-want +got):\n%s", d)
			}
			if (path != "") != (c.want == nil) {
				t.Errorf("path %q", path)
			}
		})
	}
}
