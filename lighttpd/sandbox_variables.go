package lighttpd

import "github.com/proxydiag/proxydiag/pkg/conf"

// documentRoot is where Debian's main file has it, for a part of a configuration.
const documentRoot = "/var/www/html"

// inSandbox is a configuration as it is tried: lighttpd's working folder is that
// of the main file there, and a document root is always there.
func inSandbox(s conf.Source) *Config {
	c, _ := parsePart(s, []*Setting{
		{Name: "var.CWD", Value: &Value{Text: s.Prefix}},
		{Name: "var.PID", Value: &Value{Kind: Integer, Number: 1}},
	})
	if global := c.Blocks[0]; global.Get("server.document-root") == nil {
		global.set(&Setting{Name: "server.document-root", Value: text(documentRoot)})
	}
	return c
}
