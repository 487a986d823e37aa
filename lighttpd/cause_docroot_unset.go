package lighttpd

import "github.com/proxydiag/proxydiag/pkg/diag"

var docrootUnset = diag.Rule{
	Doc: diag.Doc{
		Code: "lighttpd-docroot-unset", Part: diag.PartHandoff, Severity: diag.Warning,
		Title: "The handoff can name any file",
		Text: "x-sendfile is enabled for a backend and no x-sendfile-docroot limits it, or one that is the whole file " +
			"system: whatever path the application puts into the header is sent, and a fault in the application opens " +
			"every file that lighttpd may read.",
		Fix: "Name the folder that the files are in as x-sendfile-docroot.",
		Before: `proxy.server = ( "" => ( ( "host" => "127.0.0.1", "port" => 8000,
  "x-sendfile" => "enable" ) ) )`,
		After: `proxy.server = ( "" => ( ( "host" => "127.0.0.1", "port" => 8000,
  "x-sendfile" => "enable",
  "x-sendfile-docroot" => ( "/srv/media/" ) ) ) )`,
		Source: "lighttpd documentation, X-Sendfile",
	},
	Check:  "exposure",
	Anyway: true,
	Static: true,
	Judge:  judgeConfig(judgeDocrootUnset),
}

func judgeDocrootUnset(s *site) []diag.Finding {
	var found *diag.Finding
	seen := map[*Item]bool{}
	for _, h := range s.router.allHosts() {
		by, on := h.host.XSendfile()
		if !on || seen[by] {
			continue
		}
		seen[by] = true
		at := by.Dir
		detail := "%s, and the entry has no x-sendfile-docroot."
		if docroot := h.host.Docroot(); docroot != nil {
			if docroot.Value.unknown() != "" || !within("/", docroot.Value) {
				continue
			}
			at, detail = docroot.Dir, "%s is the whole file system."
		}
		if found == nil {
			found = s.Found(at, detail, at)
			continue
		}
		found.Evidence = append(found.Evidence, s.Quote("here too", at))
	}
	if found == nil {
		return nil
	}
	return []diag.Finding{*found}
}
