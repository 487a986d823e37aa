package caddy

import (
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var permissionDenied = diag.Rule{
	Doc: diag.Doc{
		Code: "caddy-permission-denied", Part: diag.PartProxy, Severity: diag.Error,
		Title: "Caddy may not read the file",
		Text: "The file is where the configuration says, and the user that Caddy runs as may not read it, or not " +
			"enter a folder above it. file_server answers 403 for that and for nothing else; it is not logged.",
		Fix: "Let Caddy's user enter each folder above the file (execute permission) and read the file, for " +
			"instance by a common group.",
		Before: `$ ls -ld /srv/media
drwx------ app app /srv/media`,
		After:  "$ chgrp caddy /srv/media && chmod g+rx /srv/media",
		Source: "Caddy, fileserver/staticfiles.go; open(2), path_resolution(7), acl(5)",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"handoff-forbidden"},
	Explains: []string{"proxy-header-lost"},
	Judge:    judge(judgePermissionDenied),
}

func judgePermissionDenied(s *site) *diag.Finding {
	h := s.Handoff
	if !s.taken() || s.Status() != 403 || h.Outcome != route.File || !h.atFiles() || !s.opens(h) {
		return nil
	}
	var at *diag.Path
	if may, refusing := s.Access(worker, h.File); may == diag.No && refusing != nil && !refusing.Missing {
		at = refusing
	}
	return s.Denied("Caddy", worker, at, s.Last(func(e cause.Event) bool { return e.Errno == 13 })...)
}
