package nginx

import (
	"fmt"
	"testing"

	"github.com/proxydiag/proxydiag/internal/servertest"
)

var suite = servertest.Suite{
	Kind:    Kind,
	Hello:   hello,
	Status:  200,
	Body:    "hello",
	Logged:  `open() "/nonexistent/files/x" failed (2: No such file`,
	Broken:  "bogus on;",
	Refusal: []string{`unknown directive "bogus"`, "site.conf:2"},
}

// hello is a site that answers by itself.
func hello(addr string) string {
	return fmt.Sprintf("server { listen %s; location / { return 200 hello; } location /files/ { root /nonexistent; } }", addr)
}

func TestMain(m *testing.M) { suite.Main(m) }

func TestServer(t *testing.T) { suite.Run(t) }

func TestSamples(t *testing.T) { suite.RunSamples(t) }

func BenchmarkLaunch(b *testing.B) { suite.Benchmark(b) }
