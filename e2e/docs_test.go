package e2e

import (
	"testing"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/internal/need"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// TestDocs: what the pages of the findings show is true. With the configuration
// of Before the real server has this fault and no other; with that of After it
// has none.
func TestDocs(t *testing.T) {
	t.Parallel()
	for _, kind := range all.Kinds() {
		for _, rule := range kind.Rules {
			if _, isAnswer := docAnswers()[rule.Code]; isAnswer || notRun()[rule.Code] != "" {
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
	launch  launch                                 // what is different in how the server is started
	// application says that the mend is one of the application, too: After is
	// run without backend and flags.
	application bool
}

// row is a stack whose site is this text of a page.
func (d docRun) row(kind server.Kind, text string) row {
	r := row{kind: &kind, backend: d.backend, only: d.only, launch: d.launch, config: true}
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

// TestDocsCatalogue: each finding is run, or the list says why not. What is on the
// list is no configuration: no server starts with it.
func TestDocsCatalogue(t *testing.T) {
	runs, answers, not := docRuns(), docAnswers(), notRun()
	configurations := map[string]bool{}
	for _, kind := range all.Kinds() {
		for _, rule := range kind.Rules {
			_, isAnswer := answers[rule.Code]
			configurations[rule.Code] = not[rule.Code] == "" && !isAnswer
		}
	}
	for _, rule := range all.Rules() {
		_, isAnswer := answers[rule.Code]
		switch isRun := configurations[rule.Code] || isAnswer; {
		case isRun && not[rule.Code] != "":
			t.Errorf("%s: Before and After are run, and on the list", rule.Code)
		case !isRun && not[rule.Code] == "":
			t.Errorf("%s: Before and After are neither run nor on the list", rule.Code)
		}
	}
	for code := range runs {
		if documentation(t, code); !configurations[code] {
			t.Errorf("%s is said how to run, and is not run", code)
		}
	}
	for code := range not {
		doc := documentation(t, code)
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			for _, kind := range all.Kinds() {
				if starts(t, kind, doc.Before) && starts(t, kind, doc.After) {
					t.Errorf("%s starts with what is shown: it does not belong on the list (%s)", kind.Title, not[code])
				}
			}
		})
	}
}

// starts says that a server starts with a text of a page.
func starts(t *testing.T, kind server.Kind, text string) bool {
	t.Helper()
	text = excerpt(kind.Name, docNames().Replace(text))
	if kind.Parse(conf.Source{Roots: []string{"site"}, Files: []conf.File{{Path: "site", Text: text}}}) != nil {
		return false
	}
	binary := need.Server(t, kind.Program)
	p, err := kind.Launch(t.Context(), server.LaunchOptions{Binary: binary, Site: func(addr string) string {
		return server.Sample{Text: text}.Render(server.Values{Listen: addr}).Text
	}})
	if err != nil {
		return false
	}
	return p.Stop() == nil
}
