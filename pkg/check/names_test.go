package check

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/fixture"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// application hands off every name, written in its own way; "" is 404.
type application struct {
	spec  sendfile.Spec
	write func(name, escaped string) string
}

func (a application) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	escaped := strings.TrimPrefix(r.URL.EscapedPath(), "/dl/")
	value := a.write(strings.TrimPrefix(r.URL.Path, "/dl/"), escaped)
	if value == "" {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header()[a.spec.Dialect.Header] = []string{a.spec.Prefix + value}
}

// nameStack is a stack whose parts can be wrong about names.
type nameStack struct {
	dialect sendfile.Dialect                  // that is stated, and that the backend speaks
	reads   sendfile.Dialect                  // the proxy's; none: the same
	write   func(name, escaped string) string // nil: the companion answers
	wrap    func(http.Handler) http.Handler   // in front of the proxy
	store   func(fixture.Store) fixture.Store
}

// observe runs the families of names.
func (s nameStack) observe(t *testing.T) *diag.Record {
	t.Helper()
	dir := t.TempDir()
	spec := sendfile.Spec{Dialect: s.dialect, Prefix: "/protected/"}
	if s.dialect.Form == sendfile.Path {
		spec.Prefix = dir + "/"
	}
	if s.reads.Name == "" {
		s.reads = s.dialect
	}
	o := diag.Observer{Store: fixture.OpenDir(dir)}
	if s.store != nil {
		o.Store = s.store(o.Store)
	}
	backend := httptest.NewUnstartedServer(application{spec, s.write})
	if s.write == nil {
		o.Companion = diag.NewCompanion("http://localhost/dl/", spec)
		backend.Config.Handler = o.Companion.Handler
	}
	backend.Start()
	t.Cleanup(backend.Close)
	upstream, err := url.Parse(backend.URL)
	if err != nil {
		t.Fatal(err)
	}
	var front http.Handler = &sendfile.Proxy{Backend: upstream, Dialect: s.reads, Prefix: spec.Prefix, Root: dir}
	if s.wrap != nil {
		front = s.wrap(front)
	}
	proxy := httptest.NewServer(front)
	t.Cleanup(proxy.Close)
	rec := o.Run(t.Context(), diag.Stack{
		Storage: dir, Sendfile: spec.String(), Profile: diag.Thorough, Companion: s.write == nil,
		Backend: diag.URL(backend.URL + "/dl/"), Proxy: diag.URL(proxy.URL + "/dl/"),
	}, []diag.Family{delivery, names, oddNames})
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 || len(rec.Left) > 0 {
		t.Errorf("left behind: %v %v %v", left, rec.Left, err)
	}
	return rec
}

// nameCodes are the codes found in a record, and what the check says.
func nameCodes(t *testing.T, rec *diag.Record) (codes []string, check diag.CheckResult) {
	t.Helper()
	rep := diag.Judge(rec, Rules(), Checks())
	faults := false
	for _, f := range rep.Findings {
		code := f.Code
		if f.Severity == diag.Info {
			code = "info: " + code
		} else {
			faults = true
		}
		codes = append(codes, code)
		if len(f.Evidence) == 0 || len(f.Evidence[0].Rows) == 0 || f.Detail == "" {
			t.Errorf("%s lacks its detail or evidence", f.Code)
		}
	}
	for _, c := range rep.Checks {
		if c.ID == checkNames {
			check = c
		}
	}
	if fails := check.Status == diag.Fail; fails != faults {
		t.Errorf("check: %+v, findings %q", check, codes)
	}
	return codes, check
}

func TestWaysOfApplications(t *testing.T) {
	ways := map[string]func(name, escaped string) string{
		"raw":      func(name, _ string) string { return name },
		"escaped":  func(name, _ string) string { return diag.EscapePath(name) },
		"as it is": func(_, escaped string) string { return escaped },
		"twice":    func(_, escaped string) string { return diag.EscapePath(escaped) },
		"form":     func(name, _ string) string { return strings.ReplaceAll(url.QueryEscape(name), "%2F", "/") },
		"mojibake": func(name, _ string) string { return diag.EscapePath(latin1(name)) },
		"latin1":   func(name, _ string) string { return diag.EscapePath(narrowed(name, 0xff)) },
		"lower":    func(name, _ string) string { return diag.EscapePath(strings.ToLower(name)) },
		"nfc": func(name, _ string) string {
			return diag.EscapePath(strings.ReplaceAll(name, decomposed, composed))
		},
		"base": func(name, _ string) string { return diag.EscapePath(path.Base(name)) },
		"slug": func(name, _ string) string {
			return strings.Map(func(r rune) rune {
				if r <= ' ' || r > '~' || strings.ContainsRune("%?#+&;,'\"\\[]{}()<>=/", r) {
					return '_'
				}
				return r
			}, name)
		},
		"strict": func(name, _ string) string {
			if name != diag.EscapePath(name) || strings.ContainsAny(name, "/") {
				return ""
			}
			return name
		},
	}
	want := map[sendfile.Coding]map[string]string{
		sendfile.Percent: {
			"raw": "backend-name-unencoded", "twice": "backend-name-double-encoded", "form": "backend-plus-for-space",
			"mojibake": "backend-mojibake", "latin1": "backend-mojibake", "lower": "storage-case-mismatch", "nfc": "storage-unicode-normalization",
			"base": "info: handoff-name-encoding", "slug": "info: handoff-name-encoding",
		},
		sendfile.Decoded: {
			"raw": "backend-name-unencoded", "twice": "backend-name-double-encoded", "form": "backend-plus-for-space",
			"mojibake": "backend-mojibake", "latin1": "backend-mojibake", "lower": "storage-case-mismatch", "nfc": "storage-unicode-normalization",
			"base": "info: handoff-name-encoding", "slug": "info: handoff-name-encoding",
		},
		sendfile.Raw: {
			"escaped": "backend-name-encoded", "as it is": "backend-name-encoded", "twice": "backend-name-double-encoded",
			"form": "backend-plus-for-space", "mojibake": "backend-mojibake", "latin1": "backend-name-encoded",
			"lower": "backend-name-encoded", "nfc": "backend-name-encoded", "base": "backend-name-encoded",
			"slug": "info: handoff-name-encoding",
		},
	}
	for _, d := range sendfile.Dialects() {
		for name, write := range ways {
			t.Run(d.Name+"/"+strings.ReplaceAll(name, " ", "-"), func(t *testing.T) {
				t.Parallel()
				var expected []string
				if code := want[d.Coding][name]; code != "" {
					expected = []string{code}
				}
				codes, check := nameCodes(t, nameStack{dialect: d, write: write}.observe(t))
				if diff := cmp.Diff(expected, codes); diff != "" {
					t.Errorf("findings (-want +got):\n%s%s", diff, check.Reason)
				}
			})
		}
	}
}

// TestProxiesOfNames puts something in front of a proxy whose application is right.
func TestProxiesOfNames(t *testing.T) {
	refuse := func(status int, match func(path string) bool) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if match(r.URL.Path) {
					http.Error(w, "no", status)
					return
				}
				next.ServeHTTP(w, r)
			})
		}
	}
	has := func(any string) func(string) bool {
		return func(path string) bool { return strings.ContainsAny(path, any) }
	}
	for name, c := range map[string]struct {
		wrap   func(http.Handler) http.Handler
		code   string
		reason string
	}{
		"nothing":          {wrap: func(next http.Handler) http.Handler { return next }},
		"a dotfile rule":   {wrap: refuse(403, func(p string) bool { return strings.Contains(p, "/.") }), reason: "hide configuration files"},
		"a dotfile rule 2": {wrap: refuse(404, func(p string) bool { return strings.Contains(p, "/.") }), reason: "hide configuration files"},
		"flat":             {wrap: refuse(404, func(p string) bool { return strings.Count(p, "/") > 2 }), code: "info: handoff-name-encoding"},
		"a firewall":       {wrap: refuse(403, has(`'"\<;`)), reason: "a rule of the proxy"},
		"too many":         {wrap: refuse(429, has("%+&")), reason: "did not say"},
		"overload":         {wrap: refuse(503, has("#")), reason: "did not say"},
		"words only":       {wrap: refuse(404, has(" %?#+&;'\"\\[é日")), code: "handoff-name-encoding"},
		"400 for spaces":   {wrap: refuse(400, has(" ")), code: "handoff-name-encoding"},
		"lower case only":  {wrap: refuse(404, has("U")), code: "storage-case-mismatch"},
		"NFC only":         {wrap: refuse(404, has("\u0301")), code: "storage-unicode-normalization"},
		"NFD only":         {wrap: refuse(404, has(composed)), code: "storage-unicode-normalization"},
		"no accents":       {wrap: refuse(404, has("\u0301"+composed)), code: "handoff-name-encoding"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			write := func(name, _ string) string { return diag.EscapePath(name) }
			codes, check := nameCodes(t, nameStack{dialect: sendfile.Dialects()[0], write: write, wrap: c.wrap}.observe(t))
			var want []string
			if c.code != "" {
				want = []string{c.code}
			}
			if diff := cmp.Diff(want, codes); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if c.code == "" && (!strings.Contains(check.Reason, c.reason) || (c.reason == "") != (check.Reason == "")) {
				t.Errorf("reason %q, want one with %q", check.Reason, c.reason)
			}
		})
	}
}
