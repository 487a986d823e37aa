package nginx

import (
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var addHeaderLost = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-add-header-lost", Part: diag.PartProxy, Severity: diag.Info,
		Title: "add_header of the download location never reaches the files",
		Text: "Fields that are added in the download location are for answers that come from there. The file " +
			"is sent from the internal location, with what is in force in that one.",
		Fix: "Repeat the fields in the internal location, or set them in the server block and in neither " +
			"location.",
		Before: `location /dl/ { proxy_pass http://127.0.0.1:8000; add_header X-Frame-Options DENY; }
location /protected/ { internal; alias /srv/media/; }`,
		After:  "location /protected/ { internal; alias /srv/media/; add_header X-Frame-Options DENY; }",
		Source: "nginx documentation, ngx_http_headers_module",
	},
	Check:  "headers",
	Static: true,
	Partly: true,
	Judge:  alone(judge(judgeAddHeaderLost), lintAddHeaderLost),
}

// lintAddHeaderLost looks at server blocks in which one location is there for
// handoffs, and each that asks an application adds a field that this one lacks:
// whichever hands off, it is lost.
func lintAddHeaderLost(s *site) []diag.Finding {
	var list []diag.Finding
	for _, v := range s.router.servers {
		internal := handoffLocations(v.dir)
		if len(internal) != 1 || !slices.ContainsFunc(locations(v.dir), func(l *conf.Directive) bool { return len(ownAdded(l)) > 0 }) {
			continue
		}
		if _, files := s.folderOf(internal[0]); !files {
			continue
		}
		asking := slices.DeleteFunc(s.asking(v), func(t *Route) bool { return isInternal(t.Location) })
		var lost []diag.Finding
		for _, t := range asking {
			h := s.router.Handoff(t, route.Handoff{Value: diag.EscapePath(handoffPrefix(internal[0]) + probeName)})
			if h.Location != internal[0] || t.Location == nil {
				continue
			}
			if i := slices.IndexFunc(ownAdded(t.Location), func(d *conf.Directive) bool { return adds(h, d.Arg(0)) == nil }); i >= 0 {
				d := ownAdded(t.Location)[i]
				lost = append(lost, *s.With(s.Found(d, "%s is in force in %s, and not in %s, from where the files are sent.",
					d, blockName(t.Location), blockName(h.Location)), h))
			}
		}
		if len(lost) == len(asking) { // whichever of them hands off
			list = append(list, lost...)
		}
	}
	return list
}

// ownAdded are the fields that a location adds by itself and that files may
// need: not those about caching or about the upstream.
func ownAdded(l *conf.Directive) []*conf.Directive {
	return slices.DeleteFunc(l.All("add_header"), func(d *conf.Directive) bool {
		name := strings.ToLower(d.Arg(0))
		return strings.Contains(d.Arg(1), "$upstream") || slices.Contains([]string{"cache-control", "expires", "pragma", "link", "set-cookie", "vary"}, name)
	})
}

func judgeAddHeaderLost(s *site) *diag.Finding {
	if s.Handoff == nil || !s.Delivered() || s.Handoff.Inside == nil {
		return nil
	}
	for _, d := range s.Download.Effective("add_header") {
		if d.Parent != nil && d.Parent.Name == "location" && adds(s.Handoff, d.Arg(0)) == nil && !s.Exchange(diag.ProxyGet).Header.Has(d.Arg(0)) {
			return s.With(s.Found(d, "%s is in force in %s, and not in %s, from where the file is sent.",
				d, blockName(s.Download.Location), blockName(s.Handoff.Location)), s.Handoff)
		}
	}
	return nil
}
