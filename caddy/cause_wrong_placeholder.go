package caddy

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var wrongPlaceholder = diag.Rule{
	Doc: diag.Doc{
		Code: "caddy-wrong-placeholder", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "The placeholder that stands for the handoff's path is another one, and empty",
		Text: "Within handle_response the fields of the backend's answer are {rp.header.…}, in full " +
			"{http.reverse_proxy.header.…}. {http.response.header.…} is the answer that Caddy is about to write, in " +
			"which nothing stands yet. An empty placeholder is no error: the path becomes empty.",
		Fix: "Write {rp.header.X-Accel-Redirect}.",
		Before: `reverse_proxy 127.0.0.1:8000 {
	@accel header X-Accel-Redirect *
	handle_response @accel {
		root * /srv/media
		rewrite * {http.response.header.X-Accel-Redirect}
		uri strip_prefix /protected
		copy_response_headers {
			include Content-Type Content-Disposition Cache-Control Set-Cookie
		}
		method * GET
		file_server
	}
}`,
		After:  mended,
		Source: "Caddy documentation, reverse_proxy, Intercepting responses, Placeholders",
	},
	Check:    "end-to-end",
	Anyway:   true,
	Blocks:   true,
	Symptoms: []string{"handoff-not-found", "handoff-wrong-content", "handoff-ignored", "proxy-redirects"},
	Explains: []string{"proxy-header-lost"},
	Judge:    judge(judgeWrongPlaceholder),
}

func judgeWrongPlaceholder(s *site) *diag.Finding {
	if !s.notFound() || s.opens(s.Handoff) {
		return nil
	}
	for _, h := range s.Handoff.rewrites() {
		from := source(h.Rewrite)
		if from != fromWriter && (from != fromAnswer || s.Handoff.made[h] != "") {
			continue
		}
		f := s.found(h.At, "The backend answers with %s: %s, and %s makes an empty path of it.", s.field, s.Value, h.At)
		f.Fix = fmt.Sprintf("Write `rewrite * {rp.header.%s}`.", s.field)
		return s.With(f, s.Handoff)
	}
	return nil
}
