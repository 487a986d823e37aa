package apache

import (
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var permissionDenied = diag.Rule{
	Doc: diag.Doc{
		Code: "apache-permission-denied", Part: diag.PartProxy, Severity: diag.Error,
		Title: "Apache's user may not read the file",
		Text: "The file is allowed by XSendFilePath, and the user that Apache runs as may not read it, or not " +
			"enter a folder above it. mod_xsendfile answers 404, as if it were not there.",
		Fix: "Let Apache's user enter each folder above the file (execute permission) and read the file, " +
			"for instance by a common group.",
		Before: "$ ls -ld /srv/media\ndrwx------ app app /srv/media",
		After:  "$ chgrp www-data /srv/media && chmod g+rx /srv/media",
		Source: "open(2), path_resolution(7), acl(5)",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"handoff-not-found", "handoff-forbidden"},
	Judge:    judge(judgePermissionDenied),
}

func judgePermissionDenied(s *site) *diag.Finding {
	h := s.Handoff
	if !s.Lost() || h == nil || s.Status() != 403 && s.Status() != 404 || !s.Shows("handoff-not-found", "handoff-forbidden", "") ||
		h.Outcome != route.File || !s.handsOver() {
		return nil
	}
	events := s.Last(ofSendfile(errPermission))
	user := s.worker()
	may, at := s.Access(user, h.File)
	if may != diag.No || at.Missing {
		if len(events) == 0 {
			return nil
		}
		at = nil
	}
	return s.Denied("Apache", user, at, events...)
}
