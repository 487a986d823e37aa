package nginx

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var headerTooBig = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-header-too-big", Part: diag.PartProxy, Severity: diag.Error,
		Title: "The backend's header is larger than the proxy's buffer",
		Text: "The header of the backend's answer does not fit into proxy_buffer_size (4 or 8 KiB unless set): " +
			"large cookies, long policies. The proxy answers 502.",
		Fix: "Raise proxy_buffer_size (and proxy_busy_buffers_size with it) in the download location, or send " +
			"smaller headers.",
		Before: "proxy_buffer_size 1k;",
		After: `proxy_buffer_size 16k;
proxy_busy_buffers_size 24k;`,
		Source: "nginx documentation, ngx_http_proxy_module, proxy_buffer_size",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"proxy-bad-gateway"},
	Judge:    judge(judgeHeaderTooBig),
}

func judgeHeaderTooBig(s *site) *diag.Finding {
	e, logged := s.logged(says("upstream sent too big header"))
	if !s.lost() || !logged || s.download.Outcome != Proxied {
		return nil
	}
	at := s.download.Upstream.Pass
	if d := last(s.download.Inside, strings.TrimSuffix(at.Name, "_pass")+"_buffer_size"); d != nil {
		at = d
	}
	return s.with(found(at, "The backend's header does not fit into the buffer that is set for it."), s.download, e)
}
