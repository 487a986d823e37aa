package lighttpd

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

var xsendfileOff = diag.Rule{
	Doc: diag.Doc{
		Code: "lighttpd-xsendfile-off", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "x-sendfile is not enabled for the backend",
		Text: "Whether answers may hand over is said for each backend by itself, in the block that is in force. Where " +
			"it is not, lighttpd takes X-Sendfile out and passes the empty answer on. A later condition that holds " +
			"replaces a whole proxy.server, its x-sendfile with it.",
		Fix:    `Add "x-sendfile" => "enable" and "x-sendfile-docroot" to the entry of the backend.`,
		Before: `proxy.server = ( "" => ( ( "host" => "127.0.0.1", "port" => 8000 ) ) )`,
		After: `proxy.server = ( "" => ( ( "host" => "127.0.0.1", "port" => 8000,
  "x-sendfile" => "enable",
  "x-sendfile-docroot" => ( "/srv/media/" ) ) ) )`,
		Source: "lighttpd documentation, X-Sendfile; mod_proxy, mod_fastcgi",
	},
	Check:    "end-to-end",
	Anyway:   true,
	Blocks:   true,
	Symptoms: []string{"handoff-ignored"},
	Explains: []string{"handoff-leaked", "handoff-name-encoding", "proxy-ranges-broken", "proxy-head-broken", "proxy-stale-file"},
	Judge:    judge(judgeXsendfileOff),
}

func judgeXsendfileOff(s *site) *diag.Finding {
	if at, host := s.unlike(func(h *Host) bool { _, on := h.XSendfile(); return on }), s.host(); at != nil && s.anyLost(isEmptied) {
		var place *conf.Directive
		if by, _ := at.XSendfile(); by != nil {
			place = by.Dir
		} else if like := at.misspelt(); like != nil {
			place = like.Dir
		} else {
			place = s.Handoff.entry(at)
		}
		return s.With(s.Found(place, "Of the backends that take turns, %s may not hand over, and %s may.", at.Addr, s.other(at, host)), s.Download)
	}
	host := s.host()
	if !s.PassedOn() || s.Handoff.Outcome != "ignored" || host == nil {
		return nil
	}
	by, _ := host.XSendfile()
	if by != nil {
		return s.With(s.Found(by.Dir, "%s stands in the entry of the backend %s.", by.Dir, host.Addr), s.Handoff)
	}
	if like := host.misspelt(); like != nil {
		f := s.Found(like.Dir, "The entry of the backend %s has %s, which lighttpd does not know, and no x-sendfile.", host.Addr, like.Dir)
		f.Fix = `Write "x-sendfile" => "enable".`
		return s.With(f, s.Handoff)
	}
	at := s.Handoff.entry(host)
	f := s.Found(at, "The entry of the backend %s has no x-sendfile, and off is the default.", host.Addr)
	if other := s.switchedOn(); other != nil {
		f.Evidence = append(f.Evidence, s.Quote("x-sendfile is enabled elsewhere, where the download is not handled", other))
	}
	return s.With(f, s.Handoff)
}

// misspelt is an element that looks as if it was meant to be x-sendfile.
func (h *Host) misspelt() *Item {
	for i := range h.Item.Value.Items {
		item := &h.Item.Value.Items[i]
		plain := strings.NewReplacer("-", "", "_", "", ".", "").Replace(strings.ToLower(item.Key))
		if plain == "xsendfile" || plain == "sendfile" || plain == "allowxsendfile" || plain == "xaccelredirect" {
			return item
		}
	}
	return nil
}

// entry is the place of a backend: its setting where it is the only one in it,
// its own entry otherwise.
func (t *Route) entry(host *Host) *conf.Directive {
	entries := 0
	for _, ext := range t.Setting.Value.Items {
		entries += len(ext.Value.Items)
	}
	if entries == 1 && inside(host.Item.Dir, t.Setting.Dir) {
		return t.Setting.Dir
	}
	if host.Item.Dir.Pos.Line > 0 {
		return host.Item.Dir
	}
	return t.Setting.Dir
}

// inside says that one directive is written within another.
func inside(d, in *conf.Directive) bool {
	return d.Pos.File == in.Pos.File && d.Pos.Line >= in.Pos.Line && d.Pos.Line <= in.End.Line
}

// switchedOn is an x-sendfile that is on for some backend, nil for none.
func (s *site) switchedOn() *conf.Directive {
	for _, h := range s.router.allHosts() {
		if by, on := h.host.XSendfile(); on {
			return by.Dir
		}
	}
	return nil
}
