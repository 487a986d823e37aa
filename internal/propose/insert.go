package propose

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// Addresses are where the configuration may be asked, those first at which
// something listens.
func Addresses(kind server.Kind, source conf.Source, o Options) []url.URL {
	f := &finder{kind: kind, source: source}
	list := f.listening(bases(textsOf(source), o.URL))
	return slices.DeleteFunc(list, func(u url.URL) bool {
		u.Path = "/proxydiag-init/"
		r, ok := f.follow(&u, "")
		return !ok || r.Request.Outcome == route.Failed && len(r.Request.Steps) == 0
	})
}

// Insert is a source with a text added to the block that answers at an address:
// behind the line that chooses it; or at the end of the main file where what
// answers stands in no block. changed is the file that becomes another.
func Insert(kind server.Kind, source conf.Source, at url.URL, text string) (s conf.Source, changed conf.File, behind conf.Pos, ok bool) {
	f := &finder{kind: kind, source: source}
	at.Path = "/proxydiag-init/"
	r, ok := f.follow(&at, "")
	where := last(r.Request, "server", "condition").Pos
	if ok && where.IsZero() && !last(r.Request).Pos.IsZero() && len(source.Roots) == 1 {
		if main, found := source.File(source.Roots[0]); found {
			where = conf.Pos{File: main.Path, Line: max(strings.Count(strings.TrimSuffix(main.Text, "\n"), "\n")+1, 1)}
		}
	}
	i := slices.IndexFunc(source.Files, func(f conf.File) bool { return f.Path == where.File })
	if !ok || i < 0 || where.Line == 0 {
		return source, conf.File{}, conf.Pos{}, false
	}
	lines := strings.SplitAfter(source.Files[i].Text, "\n")
	n := where.Line
	for n < len(lines) && !ends(lines[n-1]) {
		n++
	}
	source.Files = slices.Clone(source.Files)
	before := strings.Join(lines[:n], "")
	if !strings.HasSuffix(before, "\n") {
		before += "\n"
	}
	source.Files[i].Text = before + text + strings.Join(lines[n:], "")
	ok = true
	if wrong, is := errors.AsType[*conf.Error](kind.Parse(source)); is {
		ok = wrong.Only(conf.Missing, conf.Unreadable, conf.Doubtful) // as before
	}
	return source, source.Files[i], conf.Pos{File: where.File, Line: n}, ok
}

// ends says that a directive, or the line that opens a block, ends with the line.
func ends(line string) bool {
	line, _, _ = strings.Cut(line, "#")
	line = strings.TrimSpace(line)
	return strings.HasSuffix(line, ";") || strings.HasSuffix(line, "{") || strings.HasSuffix(line, ">")
}
