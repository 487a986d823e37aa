package apache

import (
	"fmt"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

var guardedOff = diag.Rule{
	Doc: diag.Doc{
		Code: "apache-guarded-off", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "XSendFile stands in a section that is left out",
		Text: "XSendFile is switched on within an IfModule, IfDefine, IfVersion or the like whose condition " +
			"does not hold. Apache leaves the section out without a word, and says that the syntax is fine.",
		Fix: "Load the module, or define what the section asks for; better, take XSendFile out of it, so that " +
			"Apache refuses to start rather than to hand over nothing.",
		Before: `# mod_xsendfile is not loaded
<IfModule mod_xsendfile.c>
  XSendFile On
  XSendFilePath /srv/media
</IfModule>`,
		After: `LoadModule xsendfile_module modules/mod_xsendfile.so
XSendFile On
XSendFilePath /srv/media`,
		Source: "Apache documentation, core, IfModule, IfDefine",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"handoff-ignored"},
	Explains: []string{"handoff-leaked"},
	Static:   true,
	Partly:   true,
	Anyway:   true,
	Judge:    alone(judgeGuardedOff, lintGuardedOff),
}

// lintGuardedOff looks for an IfModule that asks for mod_xsendfile by a name that
// it has not, or before it is loaded, where XSendFile is on nowhere else.
func lintGuardedOff(s *site) []diag.Finding {
	const name = "mod_xsendfile.c"
	loaded, known := s.conf.Loaded(name)
	if known && !loaded || switchesOnAnywhere(s.conf.Top) {
		return nil
	}
	var list []diag.Finding
	for _, g := range s.conf.Guards {
		d := g.Directive
		if g.Open || !g.Known || d.Name != "IfModule" || !strings.Contains(strings.ToLower(d.Arg(0)), "xsend") || !switchesOn(d) {
			continue
		}
		why := "though the module is loaded: " + g.Why
		if !loaded {
			why = "whether the module is loaded or not: " + g.Why
		}
		f := s.Found(d, "%s is left out, with XSendFile in it, %s.", written(d), why)
		f.Fix = "Write <IfModule " + name + ">, or leave the IfModule away."
		if moduleID(d.Arg(0)) == moduleID(name) {
			f.Detail = fmt.Sprintf("%s is left out, with XSendFile in it: the module is loaded further down only.", written(d))
			f.Fix = "Move LoadModule in front of it."
		}
		list = append(list, *f)
	}
	return list
}

// switchesOnAnywhere says that a block or any in it has XSendFile on.
func switchesOnAnywhere(block *conf.Directive) bool {
	on := false
	block.Walk(func(d *conf.Directive) bool {
		on = on || d.Name == "XSendFile" && strings.EqualFold(d.Arg(0), "on")
		return !on
	})
	return on
}

func judgeGuardedOff(s *site) *diag.Finding {
	if !s.PassedOn() {
		return nil
	}
	g := s.guard()
	if g == nil {
		return nil
	}
	return s.With(s.Found(g.Directive, "%s is left out, with XSendFile in it: %s.", written(g.Directive), g.Why), s.Handoff)
}

// guard is the section that is left out and would switch XSendFile on where the
// download is proxied; nil for none, or where it is on or switched off there.
func (s *site) guard() *Guard {
	by, on := s.Handoff.XSendFile()
	if on {
		return nil
	}
	for _, g := range s.conf.Guards {
		around := g.Directive.Parent
		if g.Open || !g.Known && g.Directive.Name != "IfDefine" || around == nil || around.Name != "" && !slices.Contains(s.Download.Sections, around) ||
			by != nil && around.Name == "" {
			continue
		}
		if switchesOn(g.Directive) {
			return g
		}
	}
	return nil
}

// switchesOn says that a section, or a Location in it, has XSendFile on.
func switchesOn(block *conf.Directive) bool {
	on := false
	block.Walk(func(d *conf.Directive) bool {
		on = on || d.Name == "XSendFile" && strings.EqualFold(d.Arg(0), "on")
		return d.Name != "VirtualHost" && !strings.HasPrefix(d.Name, "Directory") && !strings.HasPrefix(d.Name, "Files")
	})
	return on
}
