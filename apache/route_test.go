package apache

import (
	"testing"

	"github.com/proxydiag/proxydiag/internal/servertest"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// siteConfig is the configuration that Launch starts with a site.
func siteConfig(t testing.TB, site string, more ...conf.File) *Config {
	t.Helper()
	modules, err := modulesFolder()
	if err != nil {
		t.Fatal(err)
	}
	s := conf.Source{Roots: []string{"/etc/" + mainFile}, Files: []conf.File{
		{Path: "/etc/" + mainFile, Text: around("/etc", modules, nil)}, {Path: "/etc/" + siteFile, Text: site},
	}}
	s.Files = append(s.Files, more...)
	c, err := Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestRoutesAsApacheDoes(t *testing.T) {
	servertest.Routes[*Route]{
		Kind: Kind, File: "testdata/route.txtar", Pairs: 60,
		Handoff: handoffField, Beside: accessFile,
		Files: []string{"store/secret/s.txt", "web/a.txt", "web/in/b.txt", "web/in/deep/c.txt", "web/bad/d.txt", "web/off/e.txt"},
		Site:  func(config, addr string) string { return "Listen " + addr + "\n" + config },
		Router: func(t testing.TB, site string, beside []conf.File, files func(string) route.FileKind) server.Router[*Route] {
			return NewRouter(siteConfig(t, site, beside...), RouterOptions{Files: files})
		},
	}.Run(t)
}
