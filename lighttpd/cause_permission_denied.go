package lighttpd

import (
	"github.com/proxydiag/proxydiag/pkg/diag"
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
	events := s.Last(s.about(logNotRegular))
	may, at := s.readable(h.File)
	switch {
	case may == diag.Yes:
		return nil // no link is followed
	case may == diag.Undecided || at.Missing:
		if len(events) == 0 || len(h.Provided) > 0 {
			return nil // something else may refuse
		}
		at = nil
	}
	return s.Denied("lighttpd", s.worker(), at, events...)
}
