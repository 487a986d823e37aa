package e2e

import (
	"slices"
	"testing"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// TestDocsLint: the configuration of Before alone shows this fault or none, and
// this one where lint always finds it; that of After shows none.
func TestDocsLint(t *testing.T) {
	answers, not := docAnswers(), notRun()
	for _, kind := range all.Kinds() {
		for _, rule := range kind.Rules {
			if _, isAnswer := answers[rule.Code]; isAnswer || not[rule.Code] != "" {
				continue
			}
			t.Run(rule.Code, func(t *testing.T) {
				for _, code := range linted(t, kind, rule.Before) {
					if code != rule.Code {
						t.Errorf("Before shows %s", code)
					}
				}
				if rule.Static && !rule.Partly && linted(t, kind, rule.Before) == nil {
					t.Error("Before shows nothing")
				}
				for _, code := range linted(t, kind, rule.After) {
					t.Errorf("After shows %s", code)
				}
			})
		}
	}
}

// linted are the codes that lint finds in a text of a page.
func linted(t *testing.T, kind server.Kind, text string) (codes []string) {
	t.Helper()
	text = excerpt(kind.Name, docNames().Replace(text))
	source := conf.Source{Roots: []string{"site"}, Files: []conf.File{{Path: "site", Text: text}}}
	if err := kind.Parse(source); err != nil {
		t.Fatal(err)
	}
	static := slices.DeleteFunc(slices.Clone(kind.Rules), func(r diag.Rule) bool { return !r.Static })
	rec := &diag.Record{Version: diag.RecordVersion, Config: &diag.Config{Kind: kind.Name, Source: source}}
	for _, f := range diag.Judge(rec, static, nil).Findings {
		codes = append(codes, f.Code)
	}
	return codes
}
