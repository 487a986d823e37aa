package caddy

import (
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// laterDirectives are those that Caddy 2.6 does not know.
var laterDirectives = []string{"intercept", "basic_auth", "invoke", "log_append", "log_skip", "log_name", "fs"}

// isLater says that a Caddyfile is one for Caddy 2.7 or later: it holds what
// Debian 12's 2.6 would refuse. Nothing else in a configuration tells the
// version.
func isLater(top *conf.Directive) bool {
	later := false
	top.Walk(func(d *conf.Directive) bool {
		switch {
		case slices.Contains(laterDirectives, d.Name), strings.HasPrefix(d.Name, "&("),
			d.Name == "handle_errors" && len(d.Args) > 0,
			d.Name == "root" && d.Parent != nil && len(d.Args) == 1 && strings.HasPrefix(d.Arg(0), "/") && isSiteDirective(d):
			later = true
		case slices.ContainsFunc(d.Args, func(a conf.Arg) bool {
			return strings.HasPrefix(a.Raw, "<<") && strings.Contains(a.Raw, "\n") || strings.Contains(a.Raw, "{args[")
		}):
			later = true
		}
		return !later
	})
	return later
}

// isSiteDirective says that a directive is not within one that has
// subdirectives of its own.
func isSiteDirective(d *conf.Directive) bool {
	switch d.Parent.Name {
	case "file_server", "php_fastcgi", "transport", "file":
		return false
	}
	return true
}
