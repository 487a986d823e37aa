package nginx

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var permissionDenied = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-permission-denied", Part: diag.PartProxy, Severity: diag.Error,
		Title: "nginx's worker may not read the file",
		Text: "The file is where the configuration says, and the user of nginx's workers may not read it, or " +
			"not enter a folder above it.",
		Fix: "Let the workers' user enter each folder above the file (execute permission) and read the file, " +
			"for instance by a common group.",
		Before: `$ ls -ld /srv/media
drwx------ app app /srv/media`,
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
	if !s.Lost() || h == nil || s.Status() != 403 && s.Status() != 404 {
		return nil
	}
	events := s.Last(failedWith(errPermission))
	user := s.worker()
	may, at := s.Access(user, h.File)
	if !s.opens(h) || may != diag.No || at.Missing {
		if len(events) == 0 {
			return nil
		}
		return s.Denied("The worker", user, nil, events...)
	}
	f := s.Denied("The worker", user, at, events...)
	f.Detail = fmt.Sprintf("The workers run as %s, and %s (%s, owner %d:%d) refuses them.", user, at.Path, at.Mode, at.UID, at.GID)
	return f
}

// worker is the user that nginx's workers run as.
func (s *site) worker() string {
	if d := s.conf.Top.First("user"); d != nil {
		return s.Worker(d.Arg(0), d.Arg(1))
	}
	return defaultUser
}

// defaultUser is what distributions compile in; nginx's own default is nobody.
const defaultUser = "www-data"
