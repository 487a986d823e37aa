package caddy

import (
	"context"
	"fmt"
	"net"
	"testing"

	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/internal/servertest"
	"github.com/proxydiag/proxydiag/pkg/server"
)

var suite = servertest.Suite{
	Kind:    Kind,
	Hello:   hello,
	Status:  200,
	Body:    "hello",
	Logged:  `dial tcp 127.0.0.1:1: connect: connection refused`,
	Broken:  "http://broken.example.org {\n\tbogus on\n}",
	Refusal: []string{"unrecognized directive: bogus", "site.conf:8"},
	Worries: []string{`"level":"error"`, `"level":"fatal"`, `"level":"panic"`}, // a start is noticed in any case
}

// hello is a site that answers by itself.
func hello(addr string) string {
	return fmt.Sprintf("http://%s {\n\thandle /files/* {\n\t\treverse_proxy 127.0.0.1:1\n\t}\n\trespond hello\n}", addr)
}

func TestMain(m *testing.M) { suite.Main(m) }

func TestServer(t *testing.T) { suite.Run(t) }

func TestSamples(t *testing.T) { suite.RunSamples(t) }

func BenchmarkLaunch(b *testing.B) { suite.Benchmark(b) }

// TestLaunchTriesAnotherAddress has somebody else take the first address
// between the moment it was found and the moment Caddy wants it.
func TestLaunchTriesAnotherAddress(t *testing.T) {
	var asked []string
	p, err := Launch(context.Background(), server.LaunchOptions{Binary: need.Server(t, program), Site: func(addr string) string {
		if asked = append(asked, addr); len(asked) == 1 {
			l, err := net.Listen("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = l.Close() })
		}
		return hello(addr)
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = p.Stop() }()
	if len(asked) != 2 || asked[0] == asked[1] || p.Addr() != asked[1] {
		t.Errorf("asked for %q, listens on %s", asked, p.Addr())
	}
}
