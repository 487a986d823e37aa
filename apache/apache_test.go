package apache

import (
	"fmt"
	"testing"

	"github.com/proxydiag/proxydiag/internal/servertest"
)

var suite = servertest.Suite{
	Kind:    Kind,
	Hello:   hello,
	Status:  410,
	Body:    "hello",
	Logged:  "AH01630: client denied by server configuration: /nonexistent",
	Broken:  "Bogus on",
	Refusal: []string{"Invalid command 'Bogus'", "line 8 of ", "site.conf"},
	Worries: []string{":warn]", ":error]", ":crit]", ":alert]", ":emerg]"}, // a start and a stop are noticed in any case
}

// hello is a site that answers by itself.
func hello(addr string) string {
	return fmt.Sprintf("Listen %[1]s\n<VirtualHost %[1]s>\nServerName localhost\nAlias /files/ /nonexistent/\nRedirectMatch 410 ^/$\nErrorDocument 410 hello\n</VirtualHost>", addr)
}

func TestMain(m *testing.M) { suite.Main(m) }

func TestServer(t *testing.T) { suite.Run(t) }

func TestSamples(t *testing.T) { suite.RunSamples(t) }

func BenchmarkLaunch(b *testing.B) { suite.Benchmark(b) }

func TestLaunchTriesAnotherAddress(t *testing.T) { suite.TryAnotherAddress(t) }
