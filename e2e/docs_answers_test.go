package e2e

import (
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/apache"
	"github.com/proxydiag/proxydiag/lighttpd"
	"github.com/proxydiag/proxydiag/nginx"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// docAnswer is how to run a finding whose Before and After are answers of the
// application.
type docAnswer struct {
	kind *server.Kind // nil: nginx
	only mode         // "": companion
	// when says which answers look so; nil: those that hand off
	when func(*answer) bool
	// wrong makes the handoff's value of Before from that of After, for every
	// name: a page shows one
	wrong func(value string) string
}

// docAnswers are the findings that show an answer.
func docAnswers() map[string]docAnswer {
	ranged := func(a *answer) bool { return a.handoff() != "" && a.Request.Header.Get("Range") != "" }
	head := func(a *answer) bool { return a.handoff() != "" && a.Method == http.MethodHead }
	refused := func(a *answer) bool { return a.Status == http.StatusForbidden }
	return map[string]docAnswer{
		"backend-error-status":        {},
		"backend-no-handoff":          {},
		"backend-wrong-dialect":       {},
		"backend-header-empty":        {},
		"backend-header-junk":         {},
		"backend-absolute-url":        {},
		"backend-dotdot":              {},
		"backend-relative-path":       {},
		"backend-path-not-uri":        {},
		"backend-uri-not-path":        {kind: &apache.Kind},
		"backend-wrong-prefix":        {},
		"backend-content-type":        {},
		"backend-content-encoding":    {kind: &lighttpd.Kind},
		"backend-not-offloading":      {},
		"backend-length-without-body": {},
		"backend-stale-validator":     {kind: &apache.Kind, only: own},
		"backend-handoff-on-error":    {when: refused},
		"backend-head-mishandled":     {when: head},
		"backend-handles-range":       {kind: &apache.Kind, when: ranged},
		"lighttpd-legacy-header":      {kind: &lighttpd.Kind},

		"backend-mojibake":            {wrong: func(v string) string { return escapeBytes(latin1(unescaped(v))) }},
		"backend-name-double-encoded": {wrong: func(v string) string { return strings.ReplaceAll(v, "%", "%25") }},
		"backend-name-encoded":        {wrong: escapeBytes, kind: &apache.Kind},
		"backend-name-unencoded":      {wrong: unescaped},
		"backend-plus-for-space":      {wrong: func(v string) string { return strings.ReplaceAll(v, "%20", "+") }},
	}
}

// TestDocsAnswers: what the pages of the findings show of the application's
// answers is true. With the answer of Before there is this fault and no other;
// with that of After there is none.
func TestDocsAnswers(t *testing.T) {
	t.Parallel()
	for code, d := range docAnswers() {
		kind := &nginx.Kind
		if d.kind != nil {
			kind = d.kind
		}
		m := companion
		if d.only != "" {
			m = d.only
		}
		doc := documentation(t, code)
		before, after := d.answers(t, doc.Before), d.answers(t, doc.After)
		if d.wrong != nil {
			field, right, _ := strings.Cut(doc.After, ": ")
			if shown := field + ": " + d.wrong(right); shown != doc.Before {
				t.Errorf("%s: Before shows %q, and it would be %q", code, doc.Before, shown)
			}
			before, after = handed(field, d.wrong), nil
		}
		for _, r := range []row{{code: code, backend: before}, {near: code, backend: after}} {
			r.kind, r.config, r.only = kind, true, m
			name := "/before"
			if r.near != "" {
				name = "/after"
			}
			t.Run(code+name, func(t *testing.T) {
				t.Parallel()
				r.run(t, m)
			})
		}
	}
}

// answers makes an application answer as a page shows: perhaps a status line,
// fields, perhaps a body. a.bin stands for the file's name, 163877 for its size,
// "…the file…" for its content.
func (d docAnswer) answers(t *testing.T, text string) middleware {
	t.Helper()
	status, fields, body := parseAnswer(t, text)
	return otherwise(func(a *answer) {
		if d.when != nil && !d.when(a) || d.when == nil && a.handoff() == "" {
			return
		}
		name := a.URL.EscapedPath()[len("/dl/"):]
		for _, prefix := range []string{"/protected/", a.Storage + "/"} {
			if rest, ok := strings.CutPrefix(a.handoff(), prefix); ok {
				name = rest
			}
		}
		content, err := os.ReadFile(a.Storage + "/" + unescaped(name))
		if err != nil && body {
			refuse(a, http.StatusInternalServerError)
			return
		}
		a.Header.Del(accel)
		a.Header.Del(xSendfile)
		put := strings.NewReplacer("/srv/media", a.Storage, "a.bin", name, "163877", strconv.Itoa(len(content)))
		for _, f := range fields {
			a.Header.Set(f[0], put.Replace(f[1]))
		}
		if status != 0 {
			a.Status = status
		}
		if body {
			a.Body = string(content)
		}
	})
}

func parseAnswer(t *testing.T, text string) (status int, fields [][2]string, body bool) {
	t.Helper()
	text, body = strings.CutSuffix(text, "\n\n…the file…")
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		if line, ok := strings.CutPrefix(line, "HTTP/1.1 "); ok {
			var err error
			if status, err = strconv.Atoi(line[:3]); err != nil {
				t.Fatal(err)
			}
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			t.Fatalf("neither a status nor a field: %q", line)
		}
		fields = append(fields, [2]string{name, strings.TrimSpace(value)})
	}
	return status, fields, body
}
