package nginx

import (
	"strconv"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/check"
	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

var tempFile = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-temp-file", Part: diag.PartProxy, Severity: diag.Warning,
		Title: "A large answer is buffered to disk on its way",
		Text: "The file comes through a proxied connection and not from the disk: nginx buffers what the " +
			"client does not take at once in a temporary file, up to proxy_max_temp_file_size (1 GiB unless set). " +
			"Then it reads no more until the client has caught up, and a storage or application that does not " +
			"wait so long closes the connection: the download ends there.",
		Fix: "Let the proxy send the file itself, or switch buffering off for these answers (proxy_buffering " +
			"off, or proxy_max_temp_file_size 0).",
		Before: `location /protected/ {
    internal;
    proxy_pass http://storage.example.org/;
    proxy_max_temp_file_size 1024m;
}`,
		After: `location /protected/ {
    internal;
    proxy_pass http://storage.example.org/;
    proxy_max_temp_file_size 0;
}`,
		Source: "nginx documentation, ngx_http_proxy_module, proxy_max_temp_file_size",
	},
	Check:    "end-to-end",
	Symptoms: []string{"proxy-truncated"},
	Needs:    true,
	Judge:    judge(judgeTempFile),
}

func judgeTempFile(s *site) *diag.Finding {
	t := s.Download
	if s.Handoff != nil {
		t = s.Handoff
	}
	if cause.Upstream(t) == nil {
		return nil
	}
	at, limit := t.Upstream.Pass, int64(1<<30)
	if d := last(t.Inside, ofProtocol(t, "_max_temp_file_size")); d != nil {
		at, limit = d, sizeOf(d.Arg(0))
	}
	for _, id := range []string{diag.ProxyGet, check.ProxyLarge} {
		x := s.Exchange(id)
		// What nginx had read when it stopped is delivered: an answer that ends
		// before the limit was cut off by something else.
		if !x.Answered() || x.Status != 200 || x.Body.Match != compare.Prefix || limit <= 0 || x.Body.Length < limit {
			continue
		}
		buffered, logged := s.LoggedFor(x, cause.Says("buffered to a temporary file"))
		if !logged {
			continue
		}
		events := []cause.Event{buffered}
		if closed, ok := s.LoggedFor(x, cause.Says("upstream prematurely closed connection")); ok {
			events = append(events, closed)
		}
		f := s.With(s.Found(at, "The answer is buffered to disk where it is proxied, up to %d bytes; then nginx reads no more of it "+
			"until the client has caught up, and whoever sends it does not wait: %d bytes came.", limit, x.Body.Length), t, events...)
		if id == check.ProxyLarge {
			f.Check = "large"
		}
		return f
	}
	return nil
}

// sizeOf reads a size as nginx's directives take it (ngx_parse_size); -1 for
// what is none.
func sizeOf(text string) int64 {
	unit := int64(1)
	switch {
	case strings.HasSuffix(strings.ToLower(text), "k"):
		unit = 1 << 10
	case strings.HasSuffix(strings.ToLower(text), "m"):
		unit = 1 << 20
	}
	n, err := strconv.ParseInt(strings.TrimRight(text, "kKmM"), 10, 40)
	if err != nil {
		return -1
	}
	return n * unit
}
