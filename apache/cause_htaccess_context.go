package apache

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var htaccessContext = diag.Rule{
	Doc: diag.Doc{
		Code: "apache-htaccess-context", Part: diag.PartProxy, Severity: diag.Error,
		Title: "A .htaccess file holds what may not stand there",
		Text: "A .htaccess file on the way of the download holds a directive that is not allowed there: " +
			"XSendFilePath never is, XSendFile where AllowOverride includes FileInfo. Apache answers 500 to " +
			"everything below that folder. `apache2 -t` does not look at these files.",
		Fix: "Move the directive into the virtual host's configuration.",
		Before: `# /var/www/html/.htaccess
RewriteEngine On
RewriteRule ^dl/(.*)$ http://127.0.0.1:8000/dl/$1 [P,B,BNP,NE]
XSendFile On
XSendFilePath /srv/media`,
		After: `# the virtual host
XSendFile On
XSendFilePath /srv/media
# /var/www/html/.htaccess
RewriteEngine On
RewriteRule ^dl/(.*)$ http://127.0.0.1:8000/dl/$1 [P,B,BNP,NE]`,
		Source: "mod_xsendfile documentation, XSendFilePath; Apache documentation, core, AllowOverride",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"proxy-not-routed", "handoff-loop"},
	Anyway:   true,
	Judge:    judge(judgeHtaccessContext),
}

// notAllowed is how Apache's message about such a directive ends.
const notAllowed = " not allowed here"

func judgeHtaccessContext(s *site) *diag.Finding {
	if !s.Lost() || s.Status() != 500 {
		return nil
	}
	d := s.Download
	var at *conf.Directive
	if d.Outcome == route.Failed && len(d.Htaccess) > 0 {
		if last := d.Deciding(StepSection); last != nil && last == d.Steps[len(d.Steps)-1].Directive {
			at = last
		}
	}
	for _, e := range s.Events {
		file, what, ok := strings.Cut(strings.TrimSuffix(e.Message, notAllowed), ": ")
		if !ok || !strings.HasSuffix(e.Message, notAllowed) || at != nil && at.Pos.File != file {
			continue
		}
		return s.With(s.Found(at, "%s may not stand in %s.", what, file), d, e)
	}
	if at == nil {
		return nil
	}
	return s.With(s.Found(at, "%s may not stand in %s.", at.Name, at.Pos.File), d)
}
