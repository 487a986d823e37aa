package apache

import "github.com/proxydiag/proxydiag/pkg/diag"

var moduleMissing = diag.Rule{
	Doc: diag.Doc{
		Code: "apache-module-missing", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "mod_xsendfile is not loaded",
		Text: "Apache itself does not know X-Sendfile. Without the module the backend's empty answer is passed " +
			"on, header included.",
		Fix:    "Install mod_xsendfile and load it (Debian: apt install libapache2-mod-xsendfile), then switch it on with XSendFile and XSendFilePath.",
		Before: "ProxyPass /dl/ http://127.0.0.1:8000/dl/",
		After: `LoadModule xsendfile_module modules/mod_xsendfile.so
ProxyPass /dl/ http://127.0.0.1:8000/dl/
XSendFile On
XSendFilePath /srv/media`,
		Source: "mod_xsendfile documentation, Installation",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"handoff-ignored"},
	Explains: []string{"handoff-leaked"},
	Anyway:   true,
	Judge:    judge(judgeModuleMissing),
}

func judgeModuleMissing(s *site) *diag.Finding {
	if !s.PassedOn() || s.guard() != nil {
		return nil
	}
	if loaded, known := s.conf.Loaded("mod_xsendfile.c"); loaded || !known {
		return nil
	}
	return s.With(s.Found(nil, "No LoadModule for xsendfile_module is in force: %s is passed on as it came.", handoffField), s.Handoff)
}
