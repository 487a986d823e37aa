package caddy

import (
	"fmt"
	"path"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

var wrongRoot = diag.Rule{
	Doc: diag.Doc{
		Code: "caddy-wrong-root", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "root names another folder than the storage",
		Text: "The handoff's path is looked for in the folder that root names, and the files are in another one. " +
			"Without root it is the folder that Caddy was started in.",
		Fix: "Name the storage's folder in root.",
		Before: `# the files are in /srv/media
reverse_proxy 127.0.0.1:8000 {
	@accel header X-Accel-Redirect *
	handle_response @accel {
		root * /srv/old-media
		rewrite * {rp.header.X-Accel-Redirect}
		uri strip_prefix /protected
		copy_response_headers {
			include Content-Type Content-Disposition Cache-Control Set-Cookie
		}
		method * GET
		file_server
	}
}`,
		After:  mended,
		Source: "Caddy documentation, root; file_server",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"handoff-not-found", "handoff-wrong-content", "proxy-redirects"},
	Explains: []string{"proxy-header-lost"},
	Judge:    judge(judgeWrongRoot),
}

func judgeWrongRoot(s *site) *diag.Finding {
	h := s.Handoff
	if !s.notFound() || !h.atFiles() || h.fromAnswer() == nil || judgeWrongPlaceholder(s) != nil {
		return nil
	}
	is, opened := s.mapped()
	if is != mapsFolder {
		return nil
	}
	at := cause.First(h.FileBy, h.RootBy, h.By.At, h.Response.At)
	f := s.found(at, "For %s Caddy looks for %s; the file is at %s.", s.Value, opened, s.File.Path)
	if folder, ok := strings.CutSuffix(s.File.Path, path.Clean("/"+h.URI)); ok && folder != "" {
		f.Fix = fmt.Sprintf("Write `root * %s`.", folder)
	}
	return s.With(f, h)
}
