package apache

import (
	"path"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

var pathTooWide = diag.Rule{
	Doc: diag.Doc{
		Code: "apache-path-too-wide", Part: diag.PartHandoff, Severity: diag.Warning,
		Title: "XSendFilePath allows the whole file system",
		Text: "XSendFilePath names /: whatever path the application puts into the header is sent, and a fault in " +
			"the application opens every file that Apache's user may read.",
		Fix:    "Name the folder that the files are in.",
		Before: "XSendFilePath /",
		After:  "XSendFilePath /srv/media",
		Source: "mod_xsendfile documentation, XSendFilePath",
	},
	Check:  "exposure",
	Static: true,
	Anyway: true,
	Judge:  judgeConfig(judgePathTooWide),
}

func judgePathTooWide(s *site) []diag.Finding {
	var list []diag.Finding
	s.conf.Top.Walk(func(d *conf.Directive) bool {
		if d.Name == "XSendFilePath" && d.Arg(0) != "" && path.Clean(d.Arg(0)) == "/" {
			list = append(list, *s.Found(d, "%s: the handoff can name any file.", d))
		}
		return true
	})
	return list
}
