package caddy

import "github.com/proxydiag/proxydiag/pkg/diag"

var noRewrite = diag.Rule{
	Doc: diag.Doc{
		Code: "caddy-no-rewrite", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "The handoff is taken, but its path is not: the original URI is looked for",
		Text: "Within handle_response the request is still the one that the client made. file_server looks for " +
			"its path in the folder, unless a rewrite puts the backend's field in its place.",
		Fix: "Add `rewrite * {rp.header.X-Accel-Redirect}` to the handle_response.",
		Before: `reverse_proxy 127.0.0.1:8000 {
	@accel header X-Accel-Redirect *
	handle_response @accel {
		root * /srv/media
		copy_response_headers {
			include Content-Type Content-Disposition Cache-Control Set-Cookie
		}
		method * GET
		file_server
	}
}`,
		After:  mended,
		Source: "Caddy documentation, reverse_proxy, Intercepting responses; rewrite",
	},
	Check:    "end-to-end",
	Anyway:   true,
	Blocks:   true,
	Symptoms: []string{"handoff-not-found", "handoff-wrong-content", "proxy-redirects"},
	Explains: []string{"proxy-header-lost"},
	Judge:    judge(judgeNoRewrite),
}

func judgeNoRewrite(s *site) *diag.Finding {
	h := s.Handoff
	if !s.notFound() || !h.atFiles() || s.opens(h) || h.fromAnswer() != nil || judgeWrongPlaceholder(s) != nil {
		return nil
	}
	for _, r := range h.rewrites() {
		if source(r.Rewrite) == fromRequest {
			return nil // see caddy-client-header
		}
	}
	f := s.found(h.Response.At, "The backend answers with %s: %s, and Caddy looks for %s.", s.field, s.Value, h.File)
	return s.With(f, h)
}
