package apache

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// linted are the codes and lines of what the configuration alone shows.
func linted(text string) (list []string) {
	static := slices.DeleteFunc(slices.Clone(Kind.Rules), func(r diag.Rule) bool { return !r.Static })
	source := conf.Source{Roots: []string{"f"}, Files: []conf.File{{Path: "f", Text: text}}}
	rec := &diag.Record{Config: &diag.Config{Kind: Kind.Name, Source: source}}
	for _, f := range diag.Judge(rec, static, nil).Findings {
		list = append(list, fmt.Sprintf("%s:%d", f.Code, f.Location.Line))
	}
	return list
}

func TestLint(t *testing.T) {
	const whole = "ServerRoot /etc/apache2\nLoadModule xsendfile_module x.so\nProxyPass / http://127.0.0.1:8000/\n"
	guarded := func(name string) string { return "<IfModule " + name + ">\nXSendFile on\n</IfModule>\n" }
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"a name that is no module's":     {whole + guarded("xsendfile.c"), []string{"apache-guarded-off:4"}},
		"the module's file":              {whole + guarded("mod_xsendfile.c"), nil},
		"the module's identifier":        {whole + guarded("xsendfile_module"), nil},
		"it is on elsewhere":             {whole + guarded("xsendfile.c") + "<Location /dl/>\nXSendFile on\n</Location>\n", nil},
		"the module is not loaded":       {strings.Replace(whole, "LoadModule", "#", 1) + guarded("xsendfile.c"), nil},
		"another module's":               {whole + guarded("mod_php.c"), nil},
		"loaded too late":                {"ServerRoot /x\n" + guarded("mod_xsendfile.c") + "LoadModule xsendfile_module x.so\n", []string{"apache-guarded-off:2"}},
		"a part only":                    {guarded("xsendfile.c"), []string{"apache-guarded-off:1"}},
		"a part, no module's name":       {guarded("mod_xsendfile"), []string{"apache-guarded-off:1"}},
		"a part, misspelt":               {guarded("mod_xsendfiel.c"), []string{"apache-guarded-off:1"}},
		"a part, the module's file":      {guarded("mod_xsendfile.c"), nil},
		"a part, the identifier":         {guarded("xsendfile_module"), nil},
		"a part, another module's":       {guarded("mod_php8.c"), nil},
		"a part, where it is not loaded": {guarded("!mod_xsendfile.c"), nil},
		"taken away where it is on":      {"XSendFile on\nHeader unset X-Sendfile\n", []string{"apache-header-unset:2"}},
		"in a Location":                  {"<Location /dl/>\nHeader onsuccess unset x-sendfile\nXSendFile On\n</Location>\n", []string{"apache-header-unset:2"}},
		"the other table":                {"XSendFile on\nHeader always unset X-Sendfile\n", nil},
		"early":                          {"XSendFile on\nHeader unset X-Sendfile early\n", nil},
		"on a condition":                 {"XSendFile on\nHeader unset X-Sendfile env=OLD\n", nil},
		"where it is off":                {"XSendFile off\nHeader unset X-Sendfile\n", nil},
		"off in a Location":              {"XSendFile on\n<Location /api/>\nHeader unset X-Sendfile\n</Location>\n", nil},
		"set again":                      {"XSendFile on\nHeader unset X-Sendfile\n<Location /dl/>\nHeader set X-Sendfile /srv/a\n</Location>\n", nil},
		"of the request":                 {"XSendFile on\nRequestHeader unset X-Sendfile\n", nil},
		"an Alias in a Location":         {"AliasPreservePath On\nXSendFilePath /srv/media\n<Location /m>\nAlias /srv/media\nRequire all granted\n</Location>\n", []string{"apache-public-twin:4"}},
		"an Alias in a Location, closed": {"AliasPreservePath On\nXSendFilePath /srv/media\n<Location /m>\nAlias /srv/media\nRequire all denied\n</Location>\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(c.want, linted(c.text)); d != "" {
				t.Error(d)
			}
		})
	}
}
