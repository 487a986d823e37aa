package nginx

import (
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

var headerTooBig = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-header-too-big", Part: diag.PartProxy, Severity: diag.Error,
		Title: "The backend's header is larger than the proxy's buffer",
		Text: "The header of the backend's answer does not fit into proxy_buffer_size (4 or 8 KiB unless set): " +
			"large cookies, long policies. The proxy answers 502.",
		Fix: "Raise proxy_buffer_size (and proxy_busy_buffers_size with it) in the download location, or send " +
			"smaller headers.",
		Before: "proxy_buffer_size 4k;",
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
	if !s.Lost() || cause.Upstream(s.Download) == nil || s.Status() != 502 {
		return nil
	}
	e, logged := s.Logged(cause.Says("upstream sent too big header"))
	at := cause.First(last(s.Download.Inside, ofProtocol(s.Download, "_buffer_size")), s.Download.Upstream.Pass)
	need, room := headerSize(s.Exchange(diag.BackendGet)), 8<<10 // the larger of both defaults
	if n, ok := bytesOf(at.Arg(0)); ok {
		room = n
	}
	if !logged && need <= room {
		return nil
	}
	f := s.Found(at, "The backend's header has %d bytes on its own port; the buffer has %d.", need, room)
	if logged {
		return s.With(f, s.Download, e)
	}
	return s.With(f, s.Download)
}

// headerSize is how many bytes the header of an answer has on the wire. Where
// that was not counted the fields tell, with secrets replaced by shorter ones.
func headerSize(x *diag.Exchange) int {
	if x.HeaderSize > 0 {
		return x.HeaderSize
	}
	n := len(x.StatusLine) + len("\r\n\r\n")
	for _, f := range x.Header {
		n += len(f.Name) + len(f.Value) + len(": \r\n")
	}
	return n
}

// bytesOf reads a size as nginx writes it: 1024, 8k, 1m.
func bytesOf(size string) (n int, ok bool) {
	unit := 1
	switch {
	case strings.HasSuffix(strings.ToLower(size), "k"):
		unit = 1 << 10
	case strings.HasSuffix(strings.ToLower(size), "m"):
		unit = 1 << 20
	}
	n, err := strconv.Atoi(strings.TrimRight(size, "kKmM"))
	return n * unit, err == nil
}
