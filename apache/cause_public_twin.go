package apache

import (
	"fmt"
	"net/netip"
	"path"
	"regexp/syntax"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var publicTwin = diag.Rule{
	Doc: diag.Doc{
		Code: "apache-public-twin", Part: diag.PartHandoff, Severity: diag.Warning,
		Title: "An Alias or the DocumentRoot serves the same folder to anyone",
		Text: "The folder that the application hands over from lies in, or is, a folder that Apache serves by " +
			"itself: the same files have a second URL, and the application is not asked there.",
		Fix: "Move the protected files out of the public folder, or refuse the second URL (Require all denied).",
		Before: `XSendFilePath /srv/media
Alias /media/ /srv/media/
<Directory /srv/media>
  Require all granted
</Directory>`,
		After: `XSendFilePath /srv/media
Alias /media/ /srv/media/
<Directory /srv/media>
  Require all denied
</Directory>`,
		Source: "Apache documentation, mod_alias, Alias; core, DocumentRoot",
	},
	Check:  "exposure",
	Static: true,
	Anyway: true,
	Judge:  judgeConfig(judgePublicTwin),
}

// judgePublicTwin names them. Of several folders that may be handed over from one
// may well be public on purpose.
func judgePublicTwin(s *site) []diag.Finding {
	list := s.Public(s.twins(), "what hands over from the same folder", func(t twin) string {
		return fmt.Sprintf("%s opens %s for %s, and the application is not asked.", t.By, t.Route.File, t.URI)
	})
	if len(list) == 0 {
		return nil
	}
	private := s.keepsAny()
	for i := range list {
		list[i].Depends = private
	}
	return list
}

// keepsAny says that an XSendFilePath allows a folder that has no public way to it.
func (s *site) keepsAny() bool {
	found := false
	s.conf.Top.Walk(func(d *conf.Directive) bool {
		if folder := path.Clean(d.Arg(0)); d.Name == "XSendFilePath" && path.IsAbs(folder) && folder != "/" {
			found = found || len(s.twinsOf(d, folder, "proxydiag-probe")) == 0
		}
		return !found
	})
	return found
}

// twin is a public way to a file that the application hands over.
type twin = cause.Twin[*Route]

// twins are the public ways to the stored file, where it is handed over, or,
// without a run, to what XSendFilePaths allow.
func (s *site) twins() []twin {
	var list []twin
	if s.File != nil && s.File.Path != "" {
		if s.Handoff != nil && s.Handoff.Outcome == route.File && s.handsOver() {
			on, _ := s.Handoff.XSendFile()
			by := cause.First(s.Handoff.FileBy, nearest(s.Handoff.XSendFilePaths(), s.File.Path), on)
			list = s.twinsOf(by, path.Dir(s.File.Path), path.Base(s.File.Path))
		}
		return list
	}
	s.conf.Top.Walk(func(d *conf.Directive) bool {
		if d.Name == "XSendFilePath" && path.IsAbs(d.Arg(0)) && path.Clean(d.Arg(0)) != "/" {
			list = append(list, s.twinsOf(d, path.Clean(d.Arg(0)), "proxydiag-probe")...)
		}
		return true
	})
	return list
}

// twinsOf looks for the file name of a folder in what each server maps.
func (s *site) twinsOf(by *conf.Directive, folder, name string) []twin {
	var list []twin
	for _, h := range append([]*vhost{s.router.main}, s.router.hosts...) {
		for _, d := range mappers(h.block) {
			target, base := d.Arg(0), "/"
			if d.Name != "DocumentRoot" {
				target, base = d.Arg(1), d.Arg(0)
			}
			at := func(rest string) string { return path.Join("/", base, rest) }
			switch {
			case d.Name == "AliasMatch" || d.Name == "RewriteRule":
				var ok bool
				if at, target, ok = mapped(base, target); !ok {
					continue
				}
			case d.Parent != h.block: // in a Location, which has the path
				target, base = d.Arg(0), d.Parent.Arg(0)
			}
			if !path.IsAbs(target) || !s.Below(folder, path.Clean(target)) {
				continue
			}
			rel := strings.TrimPrefix(strings.TrimPrefix(s.Real(folder), s.Real(target)), "/")
			uri := at(path.Join(rel, name))
			if t := s.public(h, uri, path.Join(folder, name)); t != nil {
				own := s.Download != nil && s.Download.Server == h.dir
				list = append(list, twin{Guard: by, By: t.opener(), URI: uri, Route: t, Asked: own})
			}
		}
	}
	return list
}

// mappers are what gives URIs files in a server's block: what stands there
// itself, and Aliases with one argument in its Locations.
func mappers(block *conf.Directive) []*conf.Directive {
	list := slices.Clone(block.All("Alias", "DocumentRoot", "AliasMatch", "RewriteRule"))
	for _, loc := range block.All("Location") {
		if _, regex := isRegex(loc); regex {
			continue
		}
		if d := lastOf(loc.All("Alias")); d != nil && len(d.Args) == 1 {
			list = append(list, d)
		}
	}
	return list
}

// mapped are a URI that a pattern takes, by what a group of it is to hold, and
// the folder that it leads to, where it hands on that group: ^/raw/(.*)$ and
// /srv/media/$1. The router says which names the pattern takes.
func mapped(pattern, target string) (at func(rest string) string, folder string, ok bool) {
	folder, group, ok := strings.Cut(target, "$")
	tree, err := syntax.Parse(pattern, syntax.Perl)
	if !ok || err != nil || len(group) != 1 || group[0] < '1' || group[0] > '9' || !strings.HasSuffix(folder, "/") {
		return nil, "", false
	}
	return func(rest string) string {
		return path.Join("/", route.Sample(tree, map[string]string{group: rest}))
	}, folder, true
}

// public is the way of a plain request to a file, nil where it does not lead
// there or where something may still refuse.
func (s *site) public(h *vhost, uri, file string) *Route {
	q := route.Request{Host: "localhost", URI: diag.EscapePath(uri)}
	if names := askable(h); len(names) > 0 {
		q.Host = names[0]
	}
	if len(h.addrs) > 0 && h.addrs[0].port != "" {
		q.Addr = "127.0.0.1:" + h.addrs[0].port
	}
	if s.Download != nil && s.Download.Server == h.dir {
		q = s.Download.state.req
		q.URI = diag.EscapePath(uri)
	}
	q.Client = netip.Addr{} // anybody's
	t := s.router.Route(q)
	if t.Server != h.dir || t.Outcome != route.File || len(t.Provided) > 0 || t.opener() == nil || !s.Same(t.File, file) {
		return nil
	}
	if s.Direct(uri) {
		return nil // meant for the check itself
	}
	return t
}

// opener is the directive that names the file that a route opens.
func (t *Route) opener() *conf.Directive {
	if t.FileBy != nil {
		return t.FileBy
	}
	return t.Deciding(route.StepRewrite)
}

// twinAsked asks the proxy for the stored file by its public twin.
var twinAsked = cause.TwinAsked(siteOf, (*site).twins)
