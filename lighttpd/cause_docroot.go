package lighttpd

import (
	"path"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var docrootExcludes = diag.Rule{
	Doc: diag.Doc{
		Code: "lighttpd-docroot", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "The file lies outside of x-sendfile-docroot",
		Text: "lighttpd sends only what lies in a folder of x-sendfile-docroot. It compares texts, by whole parts of " +
			"the path; symbolic links are not followed. Everything else is answered 403.",
		Fix: "Name the folder of the files, as the backend writes it, in x-sendfile-docroot.",
		Before: `# X-Sendfile: /srv/media/a.bin
proxy.server = ( "" => ( ( "host" => "127.0.0.1", "port" => 8000,
  "x-sendfile" => "enable",
  "x-sendfile-docroot" => ( "/srv/old-media/" ) ) ) )`,
		After: `# X-Sendfile: /srv/media/a.bin
proxy.server = ( "" => ( ( "host" => "127.0.0.1", "port" => 8000,
  "x-sendfile" => "enable",
  "x-sendfile-docroot" => ( "/srv/media/" ) ) ) )`,
		Source: "lighttpd documentation, X-Sendfile",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"handoff-forbidden"},
	Explains: []string{"handoff-name-encoding", "proxy-ranges-broken", "proxy-head-broken", "proxy-stale-file"},
	Judge:    judge(judgeDocroot),
}

func judgeDocroot(s *site) *diag.Finding {
	h, host := s.Handoff, s.host()
	if at := s.unlike(s.covers); at != nil && at.Docroot() != nil && s.anyLost(isForbidden) {
		d := at.Docroot().Dir
		f := s.Found(d, "Of the backends that take turns, %s may not hand over %s: %s does not cover it.", at.Addr, s.Value, d)
		f.Fix = "Write the same x-sendfile-docroot for each of the backends."
		return s.With(f, s.Download)
	}
	if !s.Lost() || h == nil || host == nil || s.Status() != 403 || !s.Shows("handoff-forbidden", "") || !s.ToBackend(s.Download) ||
		h.Outcome != route.Refused || h.FileBy != nil || host.Docroot() == nil || !s.handsOver() {
		return nil
	}
	at := host.Docroot()
	f := s.Found(at.Dir, "The backend hands over %s, and %s does not cover it.", h.File, at.Dir)
	f.Fix = "Add the folder of the files: \"x-sendfile-docroot\" => ( \"" + path.Dir(h.File) + "/\" )"
	if e, ok := s.Logged(s.about(logNotAllowed)); ok {
		return s.With(f, h, e)
	}
	return s.With(f, h)
}
