package check

import (
	"testing"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// TestSameButHost: an error page that names the host is the same page with
// another host in it.
func TestSameButHost(t *testing.T) {
	page := func(host, body string) *diag.Exchange {
		x := &diag.Exchange{}
		x.Request.Host, x.Status = host, 403
		x.Header = compare.Header{{Name: "Content-Type", Value: "text/html"}}
		x.Body = compare.Body{Length: int64(len(body)), Sample: []byte(body)}
		return x
	}
	for _, c := range []struct {
		name      string
		asked, is string
		want      bool
	}{
		{"the name in its place", "<h1>Blocked hosts: " + inventedHost + "</h1>", "<h1>Blocked hosts: rails_app</h1>", true},
		{"a name with a port", "Invalid Host: '" + inventedHost + "'. Allow it.", "Invalid Host: '127.0.0.1:8000'. Allow it.", true},
		{"twice", "No " + inventedHost + ", no " + inventedHost + "!", "No app, no app!", true},
		{"another page", "<h1>Blocked hosts: " + inventedHost + "</h1>", "<h1>Forbidden</h1>", false},
		{"more behind it", "Blocked: " + inventedHost, "Blocked: app for reasons", false},
		{"no name", "<h1>Forbidden</h1>", "<h1>Not Found</h1>", false},
		{"nothing but the name", inventedHost, "app", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := sameButHost(page(inventedHost, c.asked), page("www.example.org", c.is)); got != c.want {
				t.Error(got)
			}
		})
	}
}
