package diag

import (
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/pkg/compare"
)

func TestRedactWhatIsEchoed(t *testing.T) {
	r := newRedactor([]byte("key"), Stack{
		Header: compare.Header{{Name: "Authorization", Value: "Bearer hunter2"}, {Name: "X-Dir", Value: "/protected/"}},
		As:     []As{{Name: "eve", Field: compare.Field{Name: "Cookie", Value: "sid=swordfish"}}},
	})
	for text, want := range map[string]string{
		`"GET /dl/proxydiag-a?token=hunter2&b=c HTTP/1.1"`: "&b=c HTTP/1.1",
		"you sent Bearer hunter2":                          "you sent ",
		"cookie: sid=swordfish":                            "cookie: ",
		"X-Accel-Redirect: /protected/a":                   "/protected/a",
	} {
		got := r.line(text)
		if strings.Contains(got, "hunter2") || strings.Contains(got, "swordfish") || !strings.Contains(got, want) {
			t.Errorf("%s became %s", text, got)
		}
		if sample := string(r.sample([]byte("hunter2 " + text))); strings.HasPrefix(sample, "hunter2") {
			t.Errorf("the sample is %s", sample)
		}
	}
}
