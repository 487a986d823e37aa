package nginx

import (
	"path/filepath"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

var symlinkRefused = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-symlink-refused", Part: diag.PartProxy, Severity: diag.Error,
		Title: "disable_symlinks refuses the file",
		Text: "A symbolic link is on the path of the file, and disable_symlinks is on where the handoff goes: " +
			"nginx answers 403 or 404.",
		Fix: "Name the real folder in alias or root, or take disable_symlinks off the internal location; " +
			"`disable_symlinks on from=…` excepts the path up to a folder.",
		Before: `location /protected/ {
    internal;
    alias /srv/link/;   # a link to /srv/media
    disable_symlinks on;
}`,
		After: `location /protected/ {
    internal;
    alias /srv/media/;
    disable_symlinks on;
}`,
		Source: "nginx documentation, ngx_http_core_module, disable_symlinks",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"handoff-forbidden", "handoff-not-found"},
	Judge:    judge(judgeSymlinkRefused),
}

func judgeSymlinkRefused(s *site) *diag.Finding {
	h := s.Handoff
	if !s.Lost() || !s.opens(h) || s.Status() != 403 && s.Status() != 404 {
		return nil
	}
	at := last(h.Inside, "disable_symlinks")
	if at == nil || at.Arg(0) == "off" {
		return nil
	}
	e, logged := s.Logged(func(e cause.Event) bool {
		return strings.HasPrefix(e.Message, "openat()") && (e.Errno == errTooMany || e.Errno == errNotFolder)
	})
	if !logged && filepath.Clean(h.File) == s.Real(h.File) {
		return nil
	}
	f := s.Found(at, "%s is in force, and %s has a symbolic link in it (it leads to %s).", at, h.File, s.Real(h.File))
	if logged {
		return s.With(f, h, e)
	}
	return s.With(f, h)
}
