package caddy

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var clientHeader = diag.Rule{
	Doc: diag.Doc{
		Code: "caddy-client-header", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "The file is chosen by a field of the request: the client says which one is sent",
		Text: "{header.…} is a field of the request, {rp.header.…} one of the backend's answer. With the first, " +
			"whoever asks for a download that is allowed gets any file of the folder by naming it in that field; " +
			"without the field nothing is found.",
		Fix: "Write {rp.header.X-Accel-Redirect}, the backend's field.",
		Before: `reverse_proxy 127.0.0.1:8000 {
	@accel header X-Accel-Redirect *
	handle_response @accel {
		root * /srv/media
		rewrite * {header.X-Accel-Redirect}
		uri strip_prefix /protected
		copy_response_headers {
			include Content-Type Content-Disposition Cache-Control Set-Cookie
		}
		method * GET
		file_server
	}
}`,
		After:  mended,
		Source: "Caddy documentation, reverse_proxy, Intercepting responses, Placeholders; Caddyfile Concepts, Placeholders",
	},
	Check:    "exposure",
	Anyway:   true,
	Blocks:   true,
	Static:   true,
	Symptoms: []string{"handoff-not-found", "handoff-wrong-content"},
	Explains: []string{"proxy-redirects", "proxy-header-lost"},
	Judge:    judgeConfig(judgeClientHeader),
}

func judgeClientHeader(s *site) (list []diag.Finding) {
	s.conf.responses(func(_ *Handler, r *Response) {
		walk(r.Routes, nil, func(_ *Route, h *Handler, _ []*Response) {
			if list != nil || h.Rewrite == nil || source(h.Rewrite) != fromRequest {
				return
			}
			f := s.found(h.At, "Where the backend hands off, %s takes the path from the request.", h.At)
			f.Fix = fmt.Sprintf("Write `rewrite * {rp.header.%s}`.", handoffFields[0])
			if s.taken() && s.Handoff.Response == r {
				f = s.With(f, s.Handoff)
			}
			list = []diag.Finding{*f}
		})
	})
	return list
}
