package caddy

import (
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

var copyLeaks = diag.Rule{
	Doc: diag.Doc{
		Code: "caddy-copy-leaks", Part: diag.PartHandoff, Severity: diag.Warning,
		Title: "copy_response_headers takes the handoff over to the client",
		Text: "Without include and exclude copy_response_headers takes over every field of the backend's answer, " +
			"the handoff as well: the internal path is for everyone to see.",
		Fix: "List what is taken over with include, or the handoff with exclude.",
		Before: `reverse_proxy 127.0.0.1:8000 {
	@accel header X-Accel-Redirect *
	handle_response @accel {
		root * /srv/media
		rewrite * {rp.header.X-Accel-Redirect}
		uri strip_prefix /protected
		copy_response_headers
		method * GET
		file_server
	}
}`,
		After:  mended,
		Source: "Caddy documentation, reverse_proxy, copy_response_headers",
	},
	Check:    "end-to-end",
	Anyway:   true,
	Static:   true,
	Symptoms: []string{"handoff-leaked"},
	Judge:    judgeConfig(judgeCopyLeaks),
}

func judgeCopyLeaks(s *site) (list []diag.Finding) {
	if x := s.Exchange(diag.ProxyGet); x != nil && len(x.Handoffs()) == 0 {
		return nil // the client sees none
	}
	s.conf.responses(func(_ *Handler, r *Response) {
		if list != nil || s.Handoff != nil && s.Handoff.Response != r {
			return
		}
		removed := false
		var copier *Handler
		walk(r.Routes, nil, func(_ *Route, h *Handler, _ []*Response) {
			if h.Name == "copy_response_headers" && slices.ContainsFunc(r.waitsFor(), h.copies) {
				copier = h
			}
			removed = removed || h.Headers != nil && h.Headers.removes(r.waitsFor())
		})
		if copier == nil || removed {
			return
		}
		f := s.found(naming(copier, r.waitsFor()), "It takes over %s, and with it %s.", copier.copiesText(), r.waitsFor()[0])
		if s.Handoff != nil {
			f = s.With(f, s.Handoff)
		}
		list = []diag.Finding{*f}
	})
	return list
}

// waitsFor are the handoff's fields that a response handler waits for: what its
// matcher names, or the usual one.
func (r *Response) waitsFor() []string {
	var names []string
	if r.Match != nil {
		for _, f := range r.Match.Fields {
			if isHandoffField(f.Name) && len(f.Values) > 0 {
				names = append(names, f.Name)
			}
		}
	}
	if names == nil {
		return handoffFields[:1]
	}
	return names
}

// removes says that changes take a field off the answer.
func (h *Headers) removes(names []string) bool {
	return slices.ContainsFunc(h.Response, func(c HeaderChange) bool {
		return c.Op == "delete" && slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, c.Name) })
	})
}

// naming is the line of a copy_response_headers that names one of the fields, or
// the directive itself.
func naming(h *Handler, names []string) *conf.Directive {
	for _, d := range h.At.Block {
		if d.Name != "include" {
			continue
		}
		for _, a := range d.Args {
			if slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, a.Text) }) {
				return d
			}
		}
	}
	return h.At
}
