package caddy

import (
	"fmt"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

var headersNotCopied = diag.Rule{
	Doc: diag.Doc{
		Code: "caddy-headers-not-copied", Part: diag.PartHandoff, Severity: diag.Warning,
		Title: "What the backend says about the file is lost: no copy_response_headers takes it over",
		Text: "handle_response begins a new answer, with nothing of the backend's in it: type, disposition, " +
			"caching and cookies are gone unless copy_response_headers names them.",
		Fix: "Name the fields in copy_response_headers.",
		Before: `reverse_proxy 127.0.0.1:8000 {
	@accel header X-Accel-Redirect *
	handle_response @accel {
		root * /srv/media
		rewrite * {rp.header.X-Accel-Redirect}
		uri strip_prefix /protected
		method * GET
		file_server
	}
}`,
		After:  mended,
		Source: "Caddy documentation, reverse_proxy, copy_response_headers",
	},
	Check:    "headers",
	Symptoms: []string{"proxy-header-lost"},
	Explains: []string{"proxy-cache-control-overridden", "backend-content-type"},
	Needs:    true,
	Judge:    judge(judgeHeadersNotCopied),
}

// saidOfFiles are the fields that are about the file, or for the client.
var saidOfFiles = []string{"Content-Type", "Content-Disposition", "Cache-Control", "Set-Cookie"}

func judgeHeadersNotCopied(s *site) *diag.Finding {
	h, b := s.Handoff, s.Exchange(diag.BackendGet)
	if h == nil || h.Response == nil || !b.Answered() {
		return nil
	}
	var lost []string
	for _, name := range saidOfFiles {
		if b.Header.Has(name) && !h.copies(name) {
			lost = append(lost, name)
		}
	}
	if lost == nil {
		return nil
	}
	at, detail := h.Response.At, "Nothing in it takes over %s."
	if n := len(h.Copied); n > 0 {
		at, detail = listed(h.Copied[n-1]), "It does not take over %s."
	}
	f := s.found(at, detail, strings.Join(lost, ", "))
	f.Fix = fmt.Sprintf("Write `copy_response_headers { include %s }`, a line each, into the handle_response.", strings.Join(lost, " "))
	return s.With(f, h)
}

// copies says that a field of the upstream's answer reaches the client.
func (t *Passage) copies(name string) bool {
	for _, c := range t.Copied {
		if c.copies(name) {
			return true
		}
	}
	return false
}

// listed is the line of a copy_response_headers that lists fields.
func listed(h *Handler) *conf.Directive {
	for _, d := range h.At.Block {
		if d.Name == "include" || d.Name == "exclude" {
			return d
		}
	}
	return h.At
}
