package lighttpd

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var publicTwin = diag.Rule{
	Doc: diag.Doc{
		Code: "lighttpd-public-twin", Part: diag.PartHandoff, Severity: diag.Warning,
		Title: "The document root or an alias serves the same folder to anyone",
		Text: "The folder that the application hands over from lies in, or is, a folder that lighttpd serves by itself: " +
			"the same files have a second URL, and the application is not asked there.",
		Fix: "Move the protected files out of the public folder, or refuse the second URL " +
			`(url.access-deny = ( "" ) in a condition on it).`,
		Before: `server.document-root = "/srv/media"
$HTTP["url"] =~ "^/dl/" {
  proxy.server = ( "" => ( ( "host" => "127.0.0.1", "port" => 8000,
    "x-sendfile" => "enable",
    "x-sendfile-docroot" => ( "/srv/media/" ) ) ) )
}`,
		After: `server.document-root = "/var/www/html"
$HTTP["url"] =~ "^/dl/" {
  proxy.server = ( "" => ( ( "host" => "127.0.0.1", "port" => 8000,
    "x-sendfile" => "enable",
    "x-sendfile-docroot" => ( "/srv/media/" ) ) ) )
}`,
		Source: "lighttpd documentation, server.document-root; mod_alias",
	},
	Check:  "exposure",
	Anyway: true,
	Static: true,
	Judge:  judgeConfig(judgePublicTwin),
}

// judgePublicTwin names them. Where all of a site's document root may be handed over, a part
// of it that is guarded may well be meant.
func judgePublicTwin(s *site) []diag.Finding {
	twins := s.twins()
	list := s.Public(twins, "what hands over from the same folder", func(t twin) string {
		return fmt.Sprintf("%s opens %s for %s, and the application is not asked.", t.By, t.Route.File, t.URI)
	})
	for i := range list {
		list[i].Depends = slices.ContainsFunc(twins, func(t twin) bool {
			return path.Dir(t.URI) == "/" && *s.Place(t.By) == *list[i].Location
		})
	}
	return list
}

// twin is a public way to a file that the application hands over.
type twin = cause.Twin[*Route]

// public is a folder that a block serves.
type public struct {
	block  *Block
	by     *conf.Directive
	base   string // of the URLs
	folder string
}

// publics are the folders that lighttpd serves by itself.
func (s *site) publics() []public {
	var list []public
	for _, b := range s.conf.Blocks {
		if set := b.Get("server.document-root"); set != nil && path.IsAbs(set.Value.Str()) {
			list = append(list, public{b, set.Dir, "/", set.Value.Str()})
		}
		for _, name := range []string{"simple-vhost.server-root", "evhost.path-pattern"} {
			if set := b.Get(name); set != nil && path.IsAbs(set.Value.Str()) && s.conf.Loaded(moduleOf(name)) {
				if folder := s.hosted(b, set); folder != "" {
					list = append(list, public{b, set.Dir, "/", folder})
				}
			}
		}
		if set := b.Get("alias.url"); set != nil && s.conf.Loaded("mod_alias") {
			for _, i := range set.Value.Items {
				if path.IsAbs(i.Value.Str()) {
					list = append(list, public{b, i.Dir, i.Key, i.Value.Str()})
				}
			}
		}
	}
	return list
}

// hosted is the folder that a setting makes of the host of a request that comes
// to its block, "" where it is not in force.
func (s *site) hosted(b *Block, set *Setting) string {
	const name = "/proxydiag-probe"
	q, _ := s.stranger(b)
	q.URI = name
	if t := s.router.Route(q); t.FileBy == set.Dir {
		return strings.TrimSuffix(t.File, name)
	}
	return ""
}

// twins are the public ways to the stored file, where it is handed over, or,
// without a run, to what x-sendfile-docroot allows.
func (s *site) twins() []twin {
	if s.File != nil {
		if s.File.Path != "" && s.Handoff != nil && s.Handoff.Outcome == route.File && s.handsOver() {
			return s.twinsOf(s.Handoff.FileBy, path.Dir(s.File.Path), path.Base(s.File.Path))
		}
		return nil
	}
	var list []twin
	for _, h := range s.router.allHosts() {
		docroot := h.host.Docroot()
		if _, on := h.host.XSendfile(); !on || docroot == nil {
			continue
		}
		for _, i := range docroot.Value.Items {
			if folder := path.Clean(i.Value.Str()); folder != "/" && i.Value.unknown() == "" {
				list = append(list, s.twinsOf(docroot.Dir, folder, "proxydiag-probe")...)
			}
		}
	}
	return list
}

// twinsOf looks for the file name of a folder in what is public.
func (s *site) twinsOf(by *conf.Directive, folder, name string) []twin {
	var list []twin
	for _, p := range s.publics() {
		if !s.Below(folder, path.Clean(p.folder)) {
			continue
		}
		rel := strings.TrimPrefix(strings.TrimPrefix(s.Real(folder), s.Real(path.Clean(p.folder))), "/")
		uri := path.Join("/", p.base, rel, name)
		if !strings.HasSuffix(p.base, "/") && strings.HasSuffix(p.folder, "/") {
			uri = p.base + path.Join("/", rel, name)
		}
		q, asked := s.stranger(p.block)
		if q.Scheme == "https" && !s.speaksTLS() {
			continue // nobody comes so
		}
		q.URI = diag.EscapePath(uri)
		t := s.router.Route(q)
		if t.Outcome != route.File || len(t.Provided) > 0 || !s.Same(t.File, path.Join(folder, name)) {
			continue
		}
		if s.Direct(uri) {
			continue // meant for the check itself
		}
		list = append(list, twin{Guard: by, By: p.by, URI: uri, Route: t, Asked: asked})
	}
	return list
}

// stranger is a request of somebody elsewhere that a block may answer; asked
// says that it goes where the download goes.
func (s *site) stranger(b *Block) (q route.Request, asked bool) {
	q = route.Request{Host: "localhost"}
	if x := s.Exchange(diag.ProxyGet); s.Download != nil && x != nil {
		first := s.router.Route(cause.Request(x))
		q = route.Request{Scheme: first.state.req.Scheme, Host: first.state.req.Host, Addr: first.state.req.Addr, Header: first.state.req.Header}
	}
	asked = s.Download != nil
	for ; b != nil; b = b.Parent {
		c := b.Cond
		switch {
		case c.Op != OpEqual || c.Unknown != "":
		case c.Object == "SERVER" && q.Addr != socketToken(c.Value, s.router.port()):
			if took, ok := s.router.accepts(q.Addr); q.Addr == "" || !ok || took != socketToken(c.Value, s.router.port()) {
				q.Addr, asked = socketToken(c.Value, s.router.port()), false
			}
		case c.Object == "HTTP" && c.Tag == "host":
			if host, _, _ := strings.Cut(strings.ToLower(q.Host), ":"); host != c.Value && strings.ToLower(q.Host) != c.Value {
				q.Host, asked = c.Value, false
			}
		case c.Object == "HTTP" && c.Tag == "scheme" && q.Scheme != c.Value:
			q.Scheme, asked = c.Value, false
		}
	}
	return q, asked
}

// speaksTLS says that requests may come by https: lighttpd speaks it, or is told
// so by what stands in front, which must be trusted (mod_extforward).
func (s *site) speaksTLS() bool {
	trusts := func(b *Block) bool { return b.Get("extforward.forwarder") != nil }
	return s.conf.Loaded("mod_extforward") && slices.ContainsFunc(s.conf.Blocks, trusts) || slices.ContainsFunc(listening(s.conf), func(l listened) bool { return l.tls })
}

// twinAsked asks the proxy for the stored file by its public twin.
var twinAsked = cause.TwinAsked(siteOf, (*site).twins)
