package apache

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
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
	e, logged := s.Logged(ofSendfile(errPermission))
	user := s.worker()
	may, at := s.Access(user, h.File)
	refused := may == diag.No && !at.Missing
	if !refused && !logged {
		return nil
	}
	f := s.Found(h.FileBy, "Apache may not read %s.", h.File)
	if refused {
		f.Detail = fmt.Sprintf("Apache runs as %s, and %s (%s, owner %d:%d) refuses it.", user, at.Path, at.Mode, at.UID, at.GID)
		cause.Refuses(f, user, at)
	}
	if logged {
		return s.With(f, h, e)
	}
	return s.With(f, h)
}
