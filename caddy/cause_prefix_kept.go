package caddy

import (
	"fmt"
	"path"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

var prefixKept = diag.Rule{
	Doc: diag.Doc{
		Code: "caddy-prefix-kept", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "The internal prefix is looked for as a folder",
		Text: "file_server appends the whole path of the handoff to root, the internal prefix included. The " +
			"files lie in the folder itself.",
		Fix: "Take the prefix off with `uri strip_prefix`.",
		Before: `# looks for /srv/media/protected/a.bin
reverse_proxy 127.0.0.1:8000 {
	@accel header X-Accel-Redirect *
	handle_response @accel {
		root * /srv/media
		rewrite * {rp.header.X-Accel-Redirect}
		copy_response_headers {
			include Content-Type Content-Disposition Cache-Control Set-Cookie
		}
		method * GET
		file_server
	}
}`,
		After:  mended,
		Source: "Caddy documentation, root; uri; file_server",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"handoff-not-found", "handoff-wrong-content", "proxy-redirects"},
	Explains: []string{"proxy-header-lost"},
	Judge:    judge(judgePrefixKept),
}

func judgePrefixKept(s *site) *diag.Finding {
	h := s.Handoff
	if !s.notFound() || !h.atFiles() || h.fromAnswer() == nil || judgeWrongPlaceholder(s) != nil {
		return nil
	}
	is, opened := s.mapped()
	if is != mapsURI {
		return nil
	}
	at := cause.First(h.shapes(), h.RootBy, h.Response.At)
	f := s.found(at, "For %s Caddy looks for %s; the file is at %s.", s.Value, opened, s.File.Path)
	rest := strings.TrimPrefix(s.Real(s.File.Path), strings.TrimSuffix(s.Real(path.Clean(h.Root)), "/"))
	if prefix, ok := strings.CutSuffix(s.Value, rest); ok && prefix != "" {
		f.Fix = fmt.Sprintf("Write `uri strip_prefix %s`.", strings.TrimSuffix(prefix, "/"))
	}
	return s.With(f, h)
}

// shapes is what should have made the URI right, and has not: something that
// strips or replaces a part of it, or a rewrite that adds one; nil where no such
// thing is there.
func (t *Passage) shapes() *conf.Directive {
	for _, list := range [][]*Handler{t.Idle, t.Rewritten} {
		for i := len(list) - 1; i >= 0; i-- {
			r := list[i].Rewrite
			if r.StripPrefix != "" || r.StripSuffix != "" || r.Substring != nil || r.Regexp != nil || r.URI != "" && !strings.HasPrefix(r.URI, "{") {
				return list[i].At
			}
		}
	}
	return nil
}
