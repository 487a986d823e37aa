package lighttpd

import (
	"fmt"
	"net"
	"testing"

	"github.com/proxydiag/proxydiag/internal/servertest"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// siteConfig is the configuration that Launch starts with a site.
func siteConfig(t testing.TB, site string) *Config {
	t.Helper()
	s := conf.Source{Roots: []string{"/etc/" + mainFile}, Files: []conf.File{
		{Path: "/etc/" + mainFile, Text: around("/etc", "", "")}, {Path: "/etc/" + siteFile, Text: site},
	}}
	c, err := Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRoutesAsLighttpdDoes(t *testing.T) {
	servertest.Routes[*Route]{
		Kind: Kind, File: "testdata/route.txtar", Pairs: 60,
		Handoff: handoffField,
		App: func(addr string) string {
			host, port, _ := net.SplitHostPort(addr)
			return fmt.Sprintf("\"host\" => %q, \"port\" => %s", host, port)
		},
		Elsewhere: 503,
		Files:     []string{"store/g/a.txt"},
		Router: func(t testing.TB, site string, _ []conf.File, files func(string) route.FileKind) server.Router[*Route] {
			return NewRouter(siteConfig(t, site), RouterOptions{Files: files})
		},
	}.Run(t)
}
