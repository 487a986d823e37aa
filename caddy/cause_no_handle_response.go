package caddy

import "github.com/proxydiag/proxydiag/pkg/diag"

var noHandleResponse = diag.Rule{
	Doc: diag.Doc{
		Code: "caddy-no-handle-response", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "Nothing acts on the handoff: reverse_proxy has no handle_response for it",
		Text: "Caddy knows no X-Accel-Redirect by itself. Without a handle_response the backend's answer is " +
			"passed on: an empty body, and the internal path for everyone to see.",
		Fix:    "Add a response matcher for the field, and a handle_response that sends the file.",
		Before: "reverse_proxy 127.0.0.1:8000",
		After:  mended,
		Source: "Caddy documentation, reverse_proxy, Intercepting responses, the example for X-Accel-Redirect",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"handoff-ignored"},
	Explains: []string{"handoff-leaked"},
	Judge:    judge(judgeNoHandleResponse),
}

func judgeNoHandleResponse(s *site) *diag.Finding {
	if !s.passedOn() || judgeWrongHeader(s) != nil || s.Handoff.Response != nil {
		return nil
	}
	f := s.found(s.Download.Proxy.At, "The backend answers with %s: %s, and nothing here acts on it.", s.field, s.Value)
	return s.With(f, s.Handoff)
}
