package e2e

import (
	"maps"
	"slices"
	"testing"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// TestDocs: what the pages of the findings show is true. With the configuration
// of Before the real server has this fault and no other; with that of After it
// has none.
func TestDocs(t *testing.T) {
	t.Parallel()
	for _, kind := range all.Kinds() {
		for _, rule := range kind.Rules {
			if notRun()[rule.Code] != "" {
				continue
			}
			d := docRuns()[rule.Code]
			t.Run(rule.Code+"/before", func(t *testing.T) {
				t.Parallel()
				r := d.row(kind, rule.Before)
				r.code = rule.Code
				r.run(t, r.only)
			})
			t.Run(rule.Code+"/after", func(t *testing.T) {
				t.Parallel()
				mended := d
				if d.application {
					mended.backend, mended.flags = nil, nil
				}
				r := mended.row(kind, rule.After)
				r.near = rule.Code
				r.run(t, r.only)
			})
		}
	}
}

// docRun is what a finding's Before and After need beyond what all of them get
// (see excerpt).
type docRun struct {
	around  func(t testing.TB, text string) string // what stands around the text; nil: see excerpt
	backend middleware                             // what is different in the application
	flags   func(s *setup, text string)            // what is different in the command line and the storage
	only    mode                                   // "": companion
	without []string                               // modules that the server is started without
	// application says that the mend is one of the application, too: After is
	// run without backend and flags.
	application bool
}

// row is a stack whose site is this text of a page.
func (d docRun) row(kind server.Kind, text string) row {
	r := row{kind: &kind, backend: d.backend, only: d.only, without: d.without, config: true}
	if r.only == "" {
		r.only = companion
	}
	if d.flags != nil {
		r.flags = func(s *setup) { d.flags(s, docNames().Replace(text)) }
	}
	r.site = func(t testing.TB, _ string) string {
		if d.around != nil {
			return d.around(t, docNames().Replace(text))
		}
		return excerpt(kind.Name, docNames().Replace(text))
	}
	return r
}

// TestDocsList: each finding is run, or the list says why not. What is on the
// list is no configuration, for any server; but for the few of which it says
// that a server takes them.
func TestDocsList(t *testing.T) {
	runs, not := docRuns(), notRun()
	ofServers := map[string]bool{}
	for _, kind := range all.Kinds() {
		for _, rule := range kind.Rules {
			ofServers[rule.Code] = true
		}
	}
	for _, rule := range all.Rules() {
		if not[rule.Code] == "" && !ofServers[rule.Code] {
			t.Errorf("%s: neither run nor on the list", rule.Code)
		}
	}
	for _, code := range slices.Sorted(maps.Keys(not)) {
		documentation(t, code)
		if _, ok := runs[code]; ok {
			t.Errorf("%s is run and on the list", code)
		}
	}
	for code := range runs {
		documentation(t, code)
		if !ofServers[code] {
			t.Errorf("%s is no finding of a server's", code)
		}
	}
	t.Run("starts", func(t *testing.T) {
		for code := range not {
			t.Run(code, func(t *testing.T) {
				t.Parallel()
				for _, kind := range all.Kinds() {
					takes(t, kind, documentation(t, code))
				}
			})
		}
	})
}

func takes(t *testing.T, kind server.Kind, doc diag.Doc) {}
