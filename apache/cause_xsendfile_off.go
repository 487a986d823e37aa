package apache

import (
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var xsendfileOff = diag.Rule{
	Doc: diag.Doc{
		Code: "apache-xsendfile-off", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "XSendFile is off, or was never switched on",
		Text: "mod_xsendfile is there, and XSendFile is off where the download is proxied. That is the default: " +
			"the backend's empty answer is passed on as it is.",
		Fix:    "Write `XSendFile on` into the virtual host, or into the Location of the downloads.",
		Before: "ProxyPass /dl/ http://127.0.0.1:8000/dl/\nXSendFile off",
		After:  "ProxyPass /dl/ http://127.0.0.1:8000/dl/\nXSendFile on\nXSendFilePath /srv/media",
		Source: "mod_xsendfile documentation, XSendFile",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"handoff-ignored"},
	Explains: []string{"handoff-leaked"},
	Anyway:   true,
	Judge:    judge(judgeXsendfileOff),
}

func judgeXsendfileOff(s *site) *diag.Finding {
	if !s.PassedOn() || s.guard() != nil || s.elsewhere() != nil || s.Handoff.Outcome != route.Ignored {
		return nil
	}
	by, on := s.Handoff.XSendFile()
	loaded, known := s.conf.Loaded("mod_xsendfile.c")
	switch {
	case on || known && !loaded:
		return nil
	case by != nil:
		return s.With(s.Found(by, "%s is in force where the download is proxied.", by), s.Handoff)
	}
	return s.With(s.Found(s.Download.Server, "No XSendFile is in force where the download is proxied, and off is the default."), s.Handoff)
}
