package lighttpd

import (
	"fmt"
	"testing"

	"github.com/proxydiag/proxydiag/internal/servertest"
)

var suite = servertest.Suite{
	Kind:    Kind,
	Hello:   hello,
	Status:  403,
	Body:    forbidden,
	Logged:  "all handlers for /files/x",
	Broken:  "Bogus on",
	Refusal: []string{"site.conf line: 11 pos: ", "parser failed somehow near here"},
	Worries: []string{"(gw_backend.c", "(configfile.c", "arning", "rror", "ailed"}, // a start and a stop are noticed in any case
}

// hello is a site that answers by itself.
func hello(addr string) string {
	return fmt.Sprintf("server.modules += ( \"mod_proxy\" )\n$SERVER[\"socket\"] == %q {\n\turl.access-deny = ( \"\" )\n"+
		"\t$HTTP[\"url\"] =~ \"^/files/\" {\n\t\turl.access-deny := ( )\n\t\tproxy.server = ( \"\" => ( ( \"socket\" => \"/nonexistent\" ) ) )\n\t}\n}\n", addr)
}

// forbidden is the page that lighttpd makes for 403.
const forbidden = `<?xml version="1.0" encoding="iso-8859-1"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN"
         "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
 <head>
  <title>403 Forbidden</title>
 </head>
 <body>
  <h1>403 Forbidden</h1>
 </body>
</html>
`

func TestMain(m *testing.M) { suite.Main(m) }

func TestServer(t *testing.T) { suite.Run(t) }

func TestSamples(t *testing.T) { suite.RunSamples(t) }

func BenchmarkLaunch(b *testing.B) { suite.Benchmark(b) }

func TestLaunchTriesAnotherAddress(t *testing.T) { suite.TryAnotherAddress(t) }
