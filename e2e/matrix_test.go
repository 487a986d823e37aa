package e2e

import (
	"fmt"
	"net/http"
	"path"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// The page, and the line in it that may differ from machine to machine.
const matrixPage = "../docs/matrix.md"

var recordedWith = regexp.MustCompile(`(?m)^Recorded with .*$`)

// TestMatrix holds docs/matrix.md to what the real servers answer: every kind
// with its first sample. -update writes the page.
func TestMatrix(t *testing.T) {
	for _, k := range all.Kinds() {
		need.Server(t, k.Program)
	}
	columns := make([]column, len(all.Kinds()))
	t.Run("observe", func(t *testing.T) {
		for i, k := range all.Kinds() {
			t.Run(k.Name, func(t *testing.T) {
				t.Parallel()
				columns[i] = observeColumn(t, k)
			})
		}
	})
	if t.Failed() {
		return
	}
	page := matrix(columns)
	if *update {
		golden(t, matrixPage, page)
		return
	}
	golden(t, matrixPage, recordedWith.ReplaceAllString(page, recordedWith.FindString(readFile(t, matrixPage))))
}

// column is what one kind of server answered.
type column struct {
	kind  server.Kind
	plain *diag.View // a healthy stack
	rich  *diag.View // the backend sends more fields
	bare  *diag.View // the backend sends no validators
	lost  *diag.View // the backend hands off what is missing and what it refuses
}

func observeColumn(t *testing.T, k server.Kind) column {
	view := func(p diag.Profile, backend middleware) *diag.View {
		r := row{kind: &k, sample: k.Samples[0].Name, backend: backend, flags: func(s *setup) { s.Stack.Profile = p }}
		s, rec := r.observe(t, companion)
		s.Stack = rec.Stack
		return diag.NewView(s.Stack, rec)
	}
	c := column{kind: k, plain: view(diag.Thorough, nil), rich: view(diag.Quick, manyFields), bare: view(diag.Quick, noValidators), lost: view(diag.Quick, careless())}
	for name, v := range map[string]*diag.View{"plain": c.plain, "rich": c.rich, "bare": c.bare, "lost": c.lost} {
		if !v.Delivered() {
			t.Errorf("%s: the download does not work", name)
		}
	}
	return c
}

// version is what the server calls itself; some pass the backend's name on
// where they do not answer themselves.
func (c column) version() string {
	for _, v := range []*diag.View{c.plain, c.lost} {
		for _, x := range v.Record.Exchanges {
			if name := x.Header.Get("Server"); x.Probe.Port == diag.Proxy && name != "" && name != v.Exchange(diag.BackendGet).Header.Get("Server") {
				return name
			}
		}
	}
	return c.kind.Title
}

// sentFields are what the backend of the column rich sends, in this order, beside
// the companion's own fields.
func sentFields() [][2]string {
	return [][2]string{
		{"Set-Cookie", "session=1; HttpOnly"}, {"Expires", "Thu, 01 Jan 1970 00:00:00 GMT"}, {"Vary", "Cookie"}, {"Content-Language", "en"},
		{"Content-Encoding", "gzip"}, {"Accept-Ranges", "none"}, {"Access-Control-Allow-Origin", "*"}, {"Content-Security-Policy", "sandbox"},
		{"X-Content-Type-Options", "nosniff"}, {"Strict-Transport-Security", "max-age=60"}, {"Link", "</a>; rel=canonical"},
		{"X-Robots-Tag", "noindex"}, {"X-Request-Id", "4711"}, {"X-Powered-By", "application/1.0"},
	}
}

func manyFields(next http.Handler, storage string) http.Handler {
	return ok(func(a *answer) {
		for _, f := range sentFields() {
			a.Header.Set(f[0], f[1])
		}
	})(next, storage)
}

func noValidators(next http.Handler, storage string) http.Handler {
	return ok(func(a *answer) {
		a.Header.Del("Etag")
		a.Header.Del("Last-Modified")
	})(next, storage)
}

// careless is an application that hands off whether the file is there or not, and
// also where it refuses.
func careless() middleware {
	var field, prefix atomic.Value
	return otherwise(func(a *answer) {
		for _, name := range []string{accel, xSendfile} {
			if v := a.Header.Get(name); v != "" {
				field.Store(name)
				prefix.Store(strings.TrimSuffix(v, path.Base(v)))
			}
		}
		name, _ := field.Load().(string)
		if name == "" || !strings.HasPrefix(path.Base(a.URL.Path), "proxydiag-") {
			return
		}
		switch a.Status {
		case http.StatusNotFound:
			a.Status, a.Body = http.StatusOK, ""
			a.Header = http.Header{"Content-Type": {"application/octet-stream"}, "Content-Length": {"0"},
				cacheControl: {"private"}, attachment: {"attachment"}, "Set-Cookie": {"session=1"}}
		case http.StatusForbidden:
			a.Body = ""
		default:
			return
		}
		a.Header.Set(name, prefix.Load().(string)+path.Base(a.URL.Path))
	})
}

// matrix is the page.
func matrix(columns []column) string {
	var b strings.Builder
	b.WriteString("<!-- Written by `go test ./e2e -run TestMatrix -update` from runs against the real servers. -->\n\n# What each server answers\n\n" +
		"A healthy stack of each server with its plainest sample, asked in every way that `proxydiag check --profile thorough`\n" +
		"knows. The stored file has 163877 bytes; the backend answers an empty 200 with the handoff, and an ETag and a date of\n" +
		"its own. Where a server of yours answers otherwise, something in its configuration makes it.\n\n")
	var versions []string
	for _, c := range columns {
		versions = append(versions, c.version())
	}
	b.WriteString("Recorded with " + strings.Join(versions, ", ") + ".\n")
	for _, s := range sections() {
		fmt.Fprintf(&b, "\n## %s\n\n", s.title)
		if s.about != "" {
			b.WriteString(s.about + "\n\n")
		}
		line := "| " + s.asked + " |"
		rule := "|---|"
		for _, c := range columns {
			line += " " + c.kind.Title + " |"
			rule += "---|"
		}
		fmt.Fprintf(&b, "%s\n%s\n", line, rule)
		for _, r := range s.lines {
			line := "| " + r.what + " |"
			for _, c := range columns {
				line += " " + strings.ReplaceAll(r.cell(c), "|", "\\|") + " |"
			}
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}
