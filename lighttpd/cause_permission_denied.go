package lighttpd

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var permissionDenied = diag.Rule{
	Doc: diag.Doc{
		Code: "lighttpd-permission-denied", Part: diag.PartProxy, Severity: diag.Error,
		Title: "lighttpd's user may not read the file",
		Text: "The file is allowed by x-sendfile-docroot, and the user that lighttpd runs as (server.username) may not " +
			"read it, or not enter a folder above it. lighttpd answers 403; of a folder that it may not enter it logs " +
			"\"not a regular file\", of a file that it may not open nothing.",
		Fix: "Let lighttpd's user enter each folder above the file (execute permission) and read the file, for instance " +
			"by a common group.",
		Before: "$ ls -ld /srv/media\ndrwx------ app app /srv/media",
		After:  "$ chgrp www-data /srv/media && chmod g+rx /srv/media",
		Source: "open(2), path_resolution(7), acl(5)",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"handoff-forbidden", "handoff-not-found"},
	Judge:    judge(judgePermissionDenied),
}

func judgePermissionDenied(s *site) *diag.Finding {
	h := s.Handoff
	if !s.Lost() || h == nil || s.Status() != 403 || !s.Shows("handoff-forbidden", "handoff-not-found", "") ||
		h.Outcome != route.File || !s.handsOver() {
		return nil
	}
	e, logged := s.Logged(s.about(logNotRegular))
	may, at := s.readable(h.File)
	refused := may == diag.No && !at.Missing
	if may == diag.Yes || !refused && (!logged || len(h.Provided) > 0) {
		return nil // no link is followed, or something else refuses
	}
	f := s.Found(h.FileBy, "lighttpd may not read %s.", h.File)
	if refused {
		f.Detail = fmt.Sprintf("lighttpd runs as %s, and %s (%s, owner %d:%d) refuses it.", s.worker(), at.Path, at.Mode, at.UID, at.GID)
		cause.Refuses(f, s.worker(), at)
	}
	if logged {
		return s.With(f, h, e)
	}
	return s.With(f, h)
}
