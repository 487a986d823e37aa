package check

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/fixture"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// TestOwnBackendExposure has applications of the user's own behind a proxy in
// which something serves the files beside the handoff.
func TestOwnBackendExposure(t *testing.T) {
	fields := map[string]string{"Content-Disposition": "attachment", "Cache-Control": "private"}
	for name, c := range map[string]struct {
		everywhere bool // the application hands off whatever the path is
		fields     map[string]string
		public     func(path string) bool // paths that the proxy serves from the folder itself
		want       []string
	}{
		"as it should be":           {fields: fields},
		"any path is a download":    {everywhere: true, fields: fields},
		"any path, no fields":       {everywhere: true},
		"prefix is public":          {fields: fields, public: under("/protected/"), want: []string{"handoff-internal-exposed"}},
		"prefix is public, any":     {everywhere: true, fields: fields, public: under("/protected/"), want: []string{"handoff-internal-exposed"}},
		"prefix is public, unknown": {everywhere: true, public: under("/protected/")},
		"slash is missing":          {fields: fields, public: under("/protected.."), want: []string{"handoff-traversal"}},
		"slash is missing, any":     {everywhere: true, fields: fields, public: under("/protected.."), want: []string{"handoff-traversal"}},

		"download is public":              {fields: fields, public: under("/dl/"), want: []string{"proxy-not-routed"}},
		"download is public, one field":   {fields: map[string]string{"Content-Disposition": "attachment"}, public: under("/dl/"), want: []string{"proxy-header-lost"}},
		"download is public, no fields":   {public: under("/dl/")},
		"download is public, any is fine": {everywhere: true, fields: fields, public: under("/dl/"), want: []string{"proxy-header-lost"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			d := sendfile.Dialects()[0]
			spec := sendfile.Spec{Dialect: d, Prefix: "/protected/"}
			app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				file := path.Base(r.URL.Path)
				if _, err := fixture.OpenDir(dir).Stat(r.Context(), file); !c.everywhere && (err != nil || !strings.HasPrefix(r.URL.Path, "/dl/")) {
					http.Error(w, "no such page in the application", http.StatusNotFound)
					return
				}
				for name, value := range c.fields {
					w.Header().Set(name, value)
				}
				w.Header().Set("Content-Type", "application/octet-stream")
				w.Header().Set(d.Header, "/protected/"+file)
			}))
			t.Cleanup(app.Close)
			upstream, err := url.Parse(app.URL)
			if err != nil {
				t.Fatal(err)
			}
			handoff := &sendfile.Proxy{Backend: upstream, Dialect: d, Prefix: spec.Prefix, Root: dir}
			proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if c.public == nil || !c.public(r.URL.Path) {
					handoff.ServeHTTP(w, r)
					return
				}
				r.URL.Path = "/" + path.Base(r.URL.Path)
				http.FileServer(http.Dir(dir)).ServeHTTP(w, r)
			}))
			t.Cleanup(proxy.Close)
			o := diag.Observer{Store: fixture.OpenDir(dir)}
			rec := o.Run(t.Context(), diag.Stack{
				Storage: dir, Sendfile: spec.String(), Backend: diag.URL(app.URL + "/dl/"), Proxy: diag.URL(proxy.URL + "/dl/"),
			}, []diag.Family{delivery, repeat, errors, exposure, traversal})
			var codes []string
			for _, f := range diag.Judge(rec, Rules(), Checks()).Findings {
				codes = append(codes, f.Code)
			}
			if diff := cmp.Diff(c.want, codes); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			asked := false
			for _, x := range rec.Exchanges {
				asked = asked || strings.HasPrefix(x.Probe.ID, OnBackend("proxy-internal")) || strings.HasPrefix(x.Probe.ID, OnBackend("proxy-traversal"))
			}
			if came := c.everywhere || c.public != nil && !c.public("/dl/"); asked != came {
				t.Errorf("the backend was asked for the same: %v, want %v", asked, came)
			}
		})
	}
}

func under(prefix string) func(string) bool {
	return func(path string) bool { return strings.HasPrefix(path, prefix) }
}
