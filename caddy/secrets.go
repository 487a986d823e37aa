package caddy

import (
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/mask"
)

// secrets are the directives that hold secrets.
var secrets = mask.Words{
	Settings: []string{"header", "header_up", "header_down", "request_header", "env", "set", "vars"},
	Secrets:  []string{"mac_key", nameless},
}

// nameless is what the arguments of a directive stand under that are secret
// because of what is around them.
const nameless = "a secret"

// withoutSecrets replaces the secrets of a configuration by as many bytes. top
// is what it parses to: what a user's line in basic_auth holds, and what
// follows the name of a DNS provider, is secret without being called so. Of the
// environment a source has nothing that stands there.
func withoutSecrets(s conf.Source, top *conf.Directive) conf.Source {
	all := &conf.Directive{Block: []*conf.Directive{top}}
	hide := func(args []conf.Arg) {
		for _, a := range args {
			all.Block = append(all.Block, &conf.Directive{Pos: a.Pos, Name: nameless, Args: []conf.Arg{a}})
		}
	}
	top.Walk(func(d *conf.Directive) bool {
		p := d.Parent
		switch {
		case p != nil && (p.Name == "basicauth" || p.Name == "basic_auth"):
			hide(d.Args)
		case d.Name == "dns" && len(d.Args) > 1:
			hide(d.Args[1:])
		}
		return true
	})
	return secrets.Source(s, all)
}
