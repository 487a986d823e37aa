package nginx

import (
	"github.com/proxydiag/proxydiag/pkg/check"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

var tempFile = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-temp-file", Part: diag.PartProxy, Severity: diag.Warning,
		Title: "A large answer is buffered to disk on its way",
		Text: "The file comes through a proxied connection and not from the disk: nginx buffers what the " +
			"client does not take at once in a temporary file, and stops at proxy_max_temp_file_size (1 GiB " +
			"unless set).",
		Fix: "Let the proxy send the file itself, or switch buffering off for these answers (proxy_buffering " +
			"off, or proxy_max_temp_file_size 0).",
		Before: "proxy_max_temp_file_size 1024m;",
		After:  "proxy_max_temp_file_size 0;",
		Source: "nginx documentation, ngx_http_proxy_module, proxy_max_temp_file_size",
	},
	Check:    "end-to-end",
	Symptoms: []string{"proxy-truncated"},
	Needs:    true,
	Judge:    judge(judgeTempFile),
}

func judgeTempFile(s *site) *diag.Finding {
	e, logged := s.Logged(cause.Says("buffered to a temporary file"))
	t := s.Download
	if s.Handoff != nil {
		t = s.Handoff
	}
	if !logged || cause.Upstream(t) == nil || check.Symptom(s.View) != "proxy-truncated" {
		return nil
	}
	at := t.Upstream.Pass
	if d := last(t.Inside, ofProtocol(t, "_max_temp_file_size")); d != nil {
		at = d
	}
	return s.With(s.Found(at, "The answer is buffered to disk where it is proxied."), t, e)
}
