package caddy

import (
	"path"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var rootTooWide = diag.Rule{
	Doc: diag.Doc{
		Code: "caddy-root-too-wide", Part: diag.PartHandoff, Severity: diag.Warning,
		Title: "The handoff may name any file of the machine",
		Text: "With root / whatever path the backend hands off is sent, if Caddy may read it: one mistake in the " +
			"application, or a field that it takes from the request, and keys and passwords are downloads.",
		Fix: "Name the storage's folder in root, and let the backend hand off paths below it.",
		Before: `# X-Accel-Redirect: /protected/srv/media/a.bin
reverse_proxy 127.0.0.1:8000 {
	@accel header X-Accel-Redirect *
	handle_response @accel {
		root * /
		rewrite * {rp.header.X-Accel-Redirect}
		uri strip_prefix /protected
		copy_response_headers {
			include Content-Type Content-Disposition Cache-Control Set-Cookie
		}
		method * GET
		file_server
	}
}`,
		After: `# X-Accel-Redirect: /protected/a.bin
reverse_proxy 127.0.0.1:8000 {
	@accel header X-Accel-Redirect *
	handle_response @accel {
		root * /srv/media
		rewrite * {rp.header.X-Accel-Redirect}
		uri strip_prefix /protected
		copy_response_headers {
			include Content-Type Content-Disposition Cache-Control Set-Cookie
		}
		method * GET
		file_server
	}
}`,
		Source: "Caddy documentation, root; file_server",
	},
	Check:  "exposure",
	Anyway: true,
	Static: true,
	Judge:  judgeConfig(judgeRootTooWide),
}

func judgeRootTooWide(s *site) (list []diag.Finding) {
	s.conf.responses(func(_ *Handler, r *Response) {
		if list != nil || !r.sends() || r.limited() {
			return
		}
		walk(r.Routes, nil, func(_ *Route, h *Handler, _ []*Response) {
			for _, v := range h.Vars {
				if v.Name == "root" && path.IsAbs(v.Value) && path.Clean(v.Value) == "/" && list == nil {
					list = []diag.Finding{*s.found(v.At, "Where the backend hands off, files are looked for from the root of the file system on.")}
				}
			}
			if f := h.Files; f != nil && path.IsAbs(f.Root) && path.Clean(f.Root) == "/" && list == nil {
				list = []diag.Finding{*s.found(f.RootAt, "Where the backend hands off, files are looked for from the root of the file system on.")}
			}
		})
	})
	return list
}

// limited says that a response handler takes only paths below a folder that it
// does not strip off, or puts a folder before them.
func (r *Response) limited() bool {
	var stripped []string
	walk(r.Routes, nil, func(_ *Route, h *Handler, _ []*Response) {
		if h.Rewrite != nil && h.Rewrite.StripPrefix != "" {
			stripped = append(stripped, strings.Trim(h.Rewrite.StripPrefix, "/"))
		}
	})
	if r.Match != nil {
		for _, f := range r.Match.Fields {
			for _, v := range f.Values {
				if isHandoffField(f.Name) && strings.HasPrefix(v, "/") && strings.HasSuffix(v, "/*") && v != "/*" &&
					!slices.Contains(stripped, strings.Trim(v, "/*")) {
					return true
				}
			}
		}
	}
	limited := false
	walk(r.Routes, nil, func(_ *Route, h *Handler, _ []*Response) {
		if h.Rewrite != nil && source(h.Rewrite) == fromAnswer {
			before, _, _ := strings.Cut(h.Rewrite.URI, "{")
			limited = limited || strings.Trim(before, "/") != ""
		}
	})
	return limited
}
