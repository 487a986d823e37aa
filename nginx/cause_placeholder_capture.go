package nginx

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var placeholderCapture = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-placeholder-capture", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "alias has a placeholder that another regular expression fills",
		Text: "The alias uses $1, but its own location captures nothing: what stands in $1 was captured by " +
			"another regular expression, in an if, a rewrite or a map.",
		Fix: "Give the location a regular expression with a capture, or write the alias without a " +
			"placeholder.",
		Before: `if ($request_uri ~ ^/([a-z]+)/) { set $section $1; }
location /protected/ { internal; alias /srv/media/$1; }`,
		After: `if ($request_uri ~ ^/([a-z]+)/) { set $section $1; }
location ~ ^/protected/(.*)$ { internal; alias /srv/media/$1; }`,
		Source: "nginx documentation, ngx_http_core_module, alias",
	},
	Check:    "end-to-end",
	Anyway:   true,
	Blocks:   true,
	Symptoms: unmapped,
	Judge:    judge(judgePlaceholderCapture),
}

func judgePlaceholderCapture(s *site) *diag.Finding {
	h := s.Handoff
	if !s.notFound() || h == nil || h.FileBy == nil || s.opens(h) || !placeholder.MatchString(h.FileBy.Arg(0)) {
		return nil
	}
	kind, pattern := LocationName(h.Location)
	if (kind == LocationRegex || kind == LocationNoCase) && strings.Contains(pattern, "(") {
		return nil
	}
	f := s.Found(h.FileBy, "%s has a placeholder, and %s captures nothing.", h.FileBy, blockName(h.Location))
	if h.File != "" {
		f.Detail += " " + s.mapped(h.File)
	}
	return s.With(f, h)
}
