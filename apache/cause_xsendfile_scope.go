package apache

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var xsendfileScope = diag.Rule{
	Doc: diag.Doc{
		Code: "apache-xsendfile-scope", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "XSendFile is on, but not where the download is proxied",
		Text: "XSendFile is switched on in a section that the download does not belong to: in another virtual " +
			"host, in a Location with another path, or in a Directory or Files section, to which no proxied " +
			"answer ever belongs.",
		Fix:    "Move XSendFile into the virtual host that proxies the downloads, or into their Location.",
		Before: "ProxyPass /dl/ http://127.0.0.1:8000/dl/\n<Directory /srv/media>\n  XSendFile on\n</Directory>",
		After:  "ProxyPass /dl/ http://127.0.0.1:8000/dl/\nXSendFile on",
		Source: "mod_xsendfile documentation, XSendFile; Apache documentation, Configuration Sections",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"handoff-ignored"},
	Explains: []string{"handoff-leaked"},
	Anyway:   true,
	Judge:    judge(judgeXsendfileScope),
}

func judgeXsendfileScope(s *site) *diag.Finding {
	if !s.PassedOn() || s.guard() != nil || s.Handoff.Outcome != route.Ignored {
		return nil
	}
	at := s.elsewhere()
	if at == nil {
		return nil
	}
	return s.With(s.Found(at, "%s stands in %s, and the download is not in it.", at, written(at.Parent)), s.Handoff)
}

// elsewhere is an XSendFile that is on and not in force for the download, nil
// for none or where one is in force; one in the download's own virtual host
// first.
func (s *site) elsewhere() *conf.Directive {
	if by, _ := s.Handoff.XSendFile(); by != nil {
		return nil
	}
	var own, other *conf.Directive
	s.conf.Top.Walk(func(d *conf.Directive) bool {
		if d.Name != "XSendFile" || !strings.EqualFold(d.Arg(0), "on") || d.Parent == nil {
			return true
		}
		if own == nil && s.Download.Server != nil && within(d, s.Download.Server) {
			own = d
		}
		if other == nil {
			other = d
		}
		return true
	})
	return cause.First(own, other)
}

// within says that a directive stands in a block.
func within(d, block *conf.Directive) bool {
	for p := d.Parent; p != nil; p = p.Parent {
		if p == block {
			return true
		}
	}
	return false
}
