package caddy

import (
	"fmt"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var wrongHeader = diag.Rule{
	Doc: diag.Doc{
		Code: "caddy-wrong-header", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "The response matcher waits for another answer than the backend's handoff",
		Text: "handle_response runs where its matcher holds: every field that it names must be there, with that " +
			"value, and the status must be one of those that it names. The backend's answer is not one of these, " +
			"so it is passed on as it is, with an empty body.",
		Fix: "Let the matcher wait for the field that the backend sends.",
		Before: `# the backend sends X-Accel-Redirect
reverse_proxy 127.0.0.1:8000 {
	@accel header X-Sendfile *
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
		After:  mended,
		Source: "Caddy documentation, reverse_proxy, Intercepting responses; Response matchers",
	},
	Check:    "end-to-end",
	Blocks:   true,
	Symptoms: []string{"handoff-ignored"},
	Explains: []string{"handoff-leaked", "proxy-header-lost"},
	Judge:    judge(judgeWrongHeader),
}

func judgeWrongHeader(s *site) *diag.Finding {
	if !s.passedOn() {
		return nil
	}
	for _, r := range s.Handoff.Refused {
		if r.Match == nil || !r.forHandoffs() {
			continue
		}
		f := s.found(r.Match.At, "The backend answers with %s: %s, and %s", s.field, s.Value, s.unmet(r.Match))
		return s.With(f, s.Handoff)
	}
	return nil
}

// unmet says which condition of a response matcher an answer does not meet.
func (s *site) unmet(m *ResponseMatch) string {
	b := s.Exchange(diag.BackendGet)
	for _, want := range m.Fields {
		switch got := b.Header.Get(want.Name); {
		case len(want.Values) == 0 && b.Header.Has(want.Name):
			return fmt.Sprintf("the matcher wants no %s.", want.Name)
		case len(want.Values) > 0 && !b.Header.Has(want.Name):
			return fmt.Sprintf("the matcher waits for %s.", want.Name)
		case len(want.Values) > 0 && strings.EqualFold(want.Name, s.field):
			return fmt.Sprintf("the matcher waits for the value %s.", strings.Join(want.Values, " or "))
		case len(want.Values) > 0 && got != want.Values[0] && want.Values[0] != "*":
			return fmt.Sprintf("the matcher waits for %s: %s.", want.Name, strings.Join(want.Values, " or "))
		}
	}
	if len(m.Status) > 0 {
		return fmt.Sprintf("the matcher waits for the status %d, not %d.", m.Status[0], b.Status)
	}
	return "the matcher does not hold."
}
