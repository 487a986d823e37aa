package nginx

import (
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var downloadLocationInternal = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-download-location-internal", Part: diag.PartProxy, Severity: diag.Error,
		Title: "The download location itself is internal",
		Text: "The location that takes the download URL is marked internal, or nested in one that is: every " +
			"request of a client is answered with 404.",
		Fix: "Take `internal` off the location that clients ask for; it belongs into the one that " +
			"X-Accel-Redirect names.",
		Before: `location /dl/ {
    internal;
    proxy_pass http://127.0.0.1:8000;
}`,
		After: `location /dl/ {
    proxy_pass http://127.0.0.1:8000;
}`,
		Source: "nginx documentation, ngx_http_core_module, internal",
	},
	Check:    "end-to-end",
	Anyway:   true,
	Blocks:   true,
	Symptoms: []string{"proxy-not-routed"},
	Judge:    judge(judgeDownloadLocationInternal),
}

func judgeDownloadLocationInternal(s *site) *diag.Finding {
	if !s.Lost() || s.Status() != 404 || s.Download.Outcome != route.Refused || !isInternal(s.Download.Location) {
		return nil
	}
	at := Effective(s.Download.Location, "internal")[0]
	return s.With(s.Found(at, "%s takes the download, and is internal: a client's request gets 404.", blockName(s.Download.Location)), s.Download)
}

// blockName is a location as it is written, for texts.
func blockName(d *conf.Directive) string {
	if d == nil {
		return "the server block"
	}
	return d.String()
}
