package caddy

import (
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var noFileServer = diag.Rule{
	Doc: diag.Doc{
		Code: "caddy-no-file-server", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "The handoff is taken, and nothing sends the file",
		Text: "The handlers in handle_response prepare the request; none of them answers. Caddy goes on with what " +
			"stands behind the reverse_proxy, and where nothing does the answer is 200 with an empty body.",
		Fix: "Add file_server to the handle_response; without a matcher, or with one that holds for the rewritten path.",
		Before: `reverse_proxy 127.0.0.1:8000 {
	@accel header X-Accel-Redirect *
	handle_response @accel {
		root * /srv/media
		rewrite * {rp.header.X-Accel-Redirect}
		uri strip_prefix /protected
		copy_response_headers {
			include Content-Type Content-Disposition Cache-Control Set-Cookie
		}
	}
}`,
		After:  mended,
		Source: "Caddy documentation, reverse_proxy, Intercepting responses; file_server",
	},
	Check:    "end-to-end",
	Anyway:   true,
	Blocks:   true,
	Symptoms: []string{"handoff-ignored", "handoff-not-found", "handoff-wrong-content", "proxy-redirects"},
	Explains: []string{"handoff-leaked", "proxy-header-lost"},
	Judge:    judge(judgeNoFileServer),
}

func judgeNoFileServer(s *site) *diag.Finding {
	h := s.Handoff
	if !s.taken() || h.Response.sends() && !h.unanswered() || s.opens(h) {
		return nil
	}
	if h.By != nil && h.By.Files != nil {
		if is, _ := s.mapped(); is != mapsUnknown {
			return nil // what stands behind it sends files: it is the path that is wrong
		}
	}
	if server := h.Response.fileServer(); server != nil {
		return s.With(s.found(server.At, "It is for other requests than this one, whose path is %s here. %s", h.URI, s.instead()), h)
	}
	f := s.found(h.Response.At, "Nothing in it answers. %s", s.instead())
	return s.With(f, h)
}

// unanswered says that a handoff came to a response handler, and that nothing
// answered, there or behind it.
func (t *Passage) unanswered() bool { return t.Outcome == route.Returned && t.By == nil }

// fileServer is the first file_server of a response handler, nil for none.
func (r *Response) fileServer() *Handler {
	var found *Handler
	walk(r.Routes, nil, func(_ *Route, h *Handler, _ []*Response) {
		if h.Files != nil && found == nil {
			found = h
		}
	})
	return found
}

// instead says what answers in the place of the file.
func (s *site) instead() string {
	if by := s.Handoff.By; by != nil && by.At != nil {
		return "What answers is " + by.At.String() + "."
	}
	return "The answer is empty."
}
