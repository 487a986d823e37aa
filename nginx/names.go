package nginx

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// names are the variables that a configuration makes.
type names struct {
	maps    map[string]*mapping
	clients map[string]*conf.Directive // by geo and split_clients
	set     map[string]bool            // by set, or by a named group: empty before that
	outside map[string]*conf.Directive // by what the configuration does not tell
}

func newNames(http *conf.Directive) *names {
	n := &names{maps: map[string]*mapping{}, clients: map[string]*conf.Directive{}, set: map[string]bool{}, outside: map[string]*conf.Directive{}}
	http.Walk(func(d *conf.Directive) bool {
		target := strings.TrimPrefix(d.Arg(0), "$")
		switch {
		case d.Name == "map" && d.IsBlock && len(d.Args) == 2:
			n.maps[strings.TrimPrefix(d.Arg(1), "$")] = newMapping(d)
			for _, e := range d.Block {
				n.groups(e.Name)
			}
			return false
		case d.Name == "geo" || d.Name == "split_clients":
			n.clients[strings.TrimPrefix(d.Arg(len(d.Args)-1), "$")] = d
			return false
		case d.Name == "set":
			n.set[target] = true
		case strings.HasPrefix(d.Arg(0), "$") && (strings.HasSuffix(d.Name, "_set") || setsUnknown(d.Name)):
			n.outside[target] = d
		}
		for _, a := range d.Args {
			n.groups(a.Text)
		}
		return true
	})
	return n
}

// groups notes the named groups of a text, which may be a regular expression.
func (n *names) groups(text string) {
	for {
		i := strings.Index(text, "(?")
		if i < 0 {
			return
		}
		text = strings.TrimPrefix(text[i+2:], "P")
		if len(text) > 1 && (text[0] == '<' || text[0] == '\'') && isWord(rune(text[1])) {
			if end := strings.IndexAny(text[1:], ">'"); end > 0 {
				n.set[text[1:1+end]] = true
			}
		}
	}
}
