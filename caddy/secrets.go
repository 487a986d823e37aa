package caddy

import (
	"strings"

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
// follows the name of a DNS provider, is secret without being called so. The
// environment's values for such places are as well.
func withoutSecrets(s conf.Source, top *conf.Directive) conf.Source {
	all := &conf.Directive{Block: []*conf.Directive{top}}
	add := func(args []conf.Arg) {
		for _, a := range args {
			all.Block = append(all.Block, &conf.Directive{Pos: a.Pos, Name: nameless, Args: []conf.Arg{a}})
		}
	}
	hide := func(args []conf.Arg) {
		add(args)
		for _, a := range args {
			for _, name := range variables(a.Raw) {
				add(given(s, name))
			}
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

// given is the value of a variable of the environment, where the source has it.
func given(s conf.Source, name string) []conf.Arg {
	name, _, _ = strings.Cut(name, ":")
	f, ok := s.File(envFile)
	if !ok {
		return nil
	}
	for i, line := range strings.Split(f.Text, "\n") {
		if value, ok := strings.CutPrefix(line, name+"="); ok && value != "" {
			return []conf.Arg{{Pos: conf.Pos{File: envFile, Line: i + 1, Column: len(name) + 2}, Raw: value, Text: value}}
		}
	}
	return nil
}
