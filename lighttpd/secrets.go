package lighttpd

import (
	"regexp"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/conf/mask"
)

// secrets are the settings that hold secrets and are not called so. What a key
// says of its value is found line by line.
var secrets = mask.Words{
	Secrets: []string{"auth.backend.ldap.bind-pw", "auth.ldap-bind-pw", "secdownload.secret"},
}

// withoutSecrets replaces the secrets of a source.
func withoutSecrets(s conf.Source) conf.Source {
	c, _ := Parse(s) // what is wrong with it is told later
	return secrets.Source(s, named(c.Top))
}

// named are the assignments and comparisons of a tree without their operators:
// a name, and a text that is written as it is.
func named(top *conf.Directive) *conf.Directive {
	out := &conf.Directive{IsBlock: true}
	top.Walk(func(d *conf.Directive) bool {
		if len(d.Args) == 0 {
			return true
		}
		value := d.Args[len(d.Args)-1]
		name := d.Name
		if d.IsBlock {
			name = comparedName(d)
		}
		if plain := strings.ReplaceAll(value.Raw, `\"`, ""); name != "" && strings.HasPrefix(plain, `"`) && strings.HasSuffix(plain, `"`) && strings.Count(plain, `"`) == 2 {
			out.Block = append(out.Block, &conf.Directive{Pos: d.Pos, Name: name, Args: []conf.Arg{value}})
		}
		return true
	})
	return out
}

// fieldName matches the name of a field that a condition compares.
var fieldName = regexp.MustCompile(`\$REQUEST_HEADER\s*\[\s*"([\w-]+)"`)

// comparedName is the field that a block compares, "" for none.
func comparedName(d *conf.Directive) string {
	if m := fieldName.FindStringSubmatch(d.String()); m != nil {
		return m[1]
	}
	return ""
}
