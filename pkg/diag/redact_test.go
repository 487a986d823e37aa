package diag

import (
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

func testRedactor() redactor {
	return redactor{key: []byte("a key of this run"), named: map[string]bool{"x-tenant": true}}
}

func TestRedactField(t *testing.T) {
	r := testRedactor()
	for _, c := range []struct{ name, value, keeps, hides string }{
		{"Authorization", "Bearer hunter2", "redacted-", "hunter2"},
		{"cookie", "sid=hunter2", "redacted-", "hunter2"},
		{"X-Tenant", "hunter2", "redacted-", "hunter2"},
		{"Set-Cookie", "sid=hunter2; Path=/; HttpOnly", "; Path=/; HttpOnly", "hunter2"},
		{"Set-Cookie", "sid=hunter2", "sid=redacted-", "hunter2"},
		{"Location", "https://h/x?next=/a&token=hunter2", "next=/a&token=redacted-", "hunter2"},
		{"X-Accel-Redirect", "/s3/a?X-Amz-Signature=hunter2", "/s3/a?X-Amz-Signature=redacted-", "hunter2"},
		{"Content-Type", "text/html", "text/html", ""},
	} {
		got := r.field(compare.Field{Name: c.name, Value: c.value}).Value
		if !strings.Contains(got, c.keeps) || c.hides != "" && strings.Contains(got, c.hides) {
			t.Errorf("%s: %s became %s", c.name, c.value, got)
		}
	}
}

func TestRedactionKeepsEquality(t *testing.T) {
	r, other := testRedactor(), redactor{key: []byte("another run")}
	a, b := compare.Field{Name: "Cookie", Value: "sid=1"}, compare.Field{Name: "Cookie", Value: "sid=2"}
	if again := r.field(a); r.field(a) != again || again == r.field(b) {
		t.Error("equal values must stay equal, others different")
	}
	if r.field(a) == other.field(a) {
		t.Error("the hash must not be the same in two runs")
	}
}

func TestRedactURL(t *testing.T) {
	r := testRedactor()
	for _, c := range []struct{ url, want string }{
		{"http://h/p?a=1&b=2", "http://h/p?a=1&b=2"},
		{"http://h/p?a=%zz&", "http://h/p?a=%zz&"},
		{"not a url", "not a url"},
	} {
		if got := r.url(c.url); got != c.want {
			t.Errorf("%s became %s", c.url, got)
		}
	}
	for _, u := range []string{"http://user:hunter2@h/p", "http://hunter2@h/p", "s3://b/x?secret=hunter2", "http://h/?API_KEY=hunter2", "http://h/?%73ig=hunter2"} {
		if got := r.url(u); strings.Contains(got, "hunter2") {
			t.Errorf("%s became %s", u, got)
		}
	}
}

func TestRedactExchangeAndStack(t *testing.T) {
	r := testRedactor()
	secret := compare.Header{{Name: "Authorization", Value: "hunter2"}}
	x := Exchange{Probe: Probe{URL: "http://h/?token=hunter2", Header: secret}, Seen: []sendfile.Seen{{Query: "token=hunter2"}}}
	x.Request = compare.Sent{URL: "http://h/?token=hunter2", Header: secret}
	x.Header, x.Trailer = secret, secret
	x = r.exchange(x)
	s := r.stack(Stack{
		Storage: "s3://b?secret=hunter2", Backend: "http://u:hunter2@h/", Proxy: "http://h/?token=hunter2",
		Denied: "http://h/?sig=hunter2", Header: compare.Header{{Name: "X-Tenant", Value: "hunter2"}},
		As: []As{{Name: "eve", Field: compare.Field{Name: "X-Role", Value: "hunter2"}}},
	})
	for _, v := range []any{x, s} {
		if text := string(mustJSON(t, v)); strings.Contains(text, "hunter2") {
			t.Errorf("a secret is left in %s", text)
		}
	}
}

func FuzzRedactURL(f *testing.F) {
	f.Add("http://u:p@h/p?token=x&a=b")
	r := testRedactor()
	f.Fuzz(func(t *testing.T, s string) {
		if once := r.url(s); !strings.ContainsAny(s, "?@") && once != s {
			t.Errorf("%q has no secret and became %q", s, once)
		}
	})
}
