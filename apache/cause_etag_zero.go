package apache

import (
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var etagZero = diag.Rule{
	Doc: diag.Doc{
		Code: "apache-etag-zero", Part: diag.PartProxy, Severity: diag.Warning,
		Title: `Every file has the ETag "0"`,
		Text: "For a handed-off answer without an ETag of the backend's mod_xsendfile makes one of a file that " +
			`it has not looked at: it is "0" for all of them. A client that has a copy is told 304 after the ` +
			"file has changed.",
		Fix: "Let the application send an ETag that changes with the file; or write `FileETag None`, so that none is made.",
		Before: `XSendFile On
XSendFilePath /srv/media`,
		After: `XSendFile On
XSendFilePath /srv/media
FileETag None`,
		Source: "mod_xsendfile documentation, XSendFileIgnoreEtag; Apache documentation, core, FileETag",
	},
	Check:    "validators",
	Symptoms: []string{"proxy-conditional-broken"},
	Needs:    true,
	Anyway:   true,
	Judge:    judge(judgeEtagZero),
}

func judgeEtagZero(s *site) *diag.Finding {
	x, b := s.Exchange(diag.ProxyGet), s.Exchange(diag.BackendGet)
	if !s.Delivered() || s.Handoff == nil || s.Handoff.Outcome != route.File || x.Header.Get("ETag") != `"0"` || b.Header.Get("ETag") == `"0"` {
		return nil
	}
	by, _ := s.Handoff.XSendFile()
	var at *conf.Directive
	detail := `The backend sends no ETag, and Apache makes "0" of it.`
	if b.Header.Has("ETag") {
		at = s.dropsETag()
		detail = `The backend's ETag is dropped, and Apache makes "0" of it.`
	}
	return s.With(s.Found(cause.First(at, by), "%s", detail), s.Handoff)
}

// dropsETag is what keeps the backend's ETag from being used, nil for none.
func (s *site) dropsETag() *conf.Directive {
	if d := s.Handoff.Last("XSendFileIgnoreEtag"); d != nil && strings.EqualFold(d.Arg(0), "on") {
		return d
	}
	for _, d := range s.Handoff.Effective("Header") {
		words := strings.Fields(strings.ToLower(strings.Join(d.Texts(0), " ")))
		if slices.Contains(words, "unset") && slices.Contains(words, "etag") {
			return d
		}
	}
	return nil
}
