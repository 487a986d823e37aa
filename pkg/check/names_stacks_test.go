package check

import (
	"context"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/fixture"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// noQuestions is a storage that cannot hold some names, and has no folders.
type noQuestions struct{ fixture.Store }

func (s noQuestions) Put(ctx context.Context, f fixture.Fixture) error {
	if strings.Contains(f.Name, "?") {
		return &fixture.Error{Op: "put", Path: f.Name, Class: fixture.ClassName, Err: syscall.EINVAL}
	}
	return s.Store.Put(ctx, f)
}

// TestStacksOfNames has stacks in which something else than a way of writing matters.
func TestStacksOfNames(t *testing.T) {
	dialect := func(name, version string) sendfile.Dialect {
		d, err := sendfile.Lookup(name, version)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	raw := func(name, _ string) string { return name }
	again := func(next http.Handler) http.Handler { // escapes what is escaped already
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.ContainsAny(r.URL.Path, " %?") {
				r.URL.Path, r.URL.RawPath = r.URL.EscapedPath(), ""
			}
			next.ServeHTTP(w, r)
		})
	}
	forbids := func(what string) func(http.Handler) http.Handler { // names with such characters
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.ContainsAny(r.URL.EscapedPath(), what) {
					http.Error(w, "no such names", http.StatusForbidden)
					return
				}
				next.ServeHTTP(w, r)
			})
		}
	}
	for name, c := range map[string]struct {
		stack        nameStack
		code, reason string
	}{
		"the companion":                         {nameStack{dialect: dialect("nginx", "")}, "", ""},
		"the companion, raw":                    {nameStack{dialect: dialect("apache", "")}, "", ""},
		"the companion and a newer version":     {nameStack{dialect: dialect("caddy", ""), reads: dialect("caddy", "2.7")}, "", "as other versions of it do"},
		"a raw application and a newer version": {nameStack{dialect: dialect("caddy", ""), reads: dialect("caddy", "2.7"), write: raw}, "backend-name-unencoded", ""},
		"a raw application":                     {nameStack{dialect: dialect("caddy", ""), write: raw}, "", "cannot name them"},
		"a proxy that escapes again":            {nameStack{dialect: dialect("nginx", ""), wrap: again}, "proxy-path-rewritten", ""},
		"a proxy that forbids escapes":          {nameStack{dialect: dialect("nginx", ""), wrap: forbids("%")}, "handoff-name-encoding", ""},
		"a proxy that forbids capitals":         {nameStack{dialect: dialect("nginx", ""), wrap: forbids("U")}, "", "a rule of the proxy refuses them: 403 Forbidden"},
		"a storage without some names": {nameStack{dialect: dialect("nginx", ""),
			store: func(s fixture.Store) fixture.Store { return noQuestions{s} }}, "", "a question mark, a folder (the storage has no files of such names)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			codes, check := nameCodes(t, c.stack.observe(t))
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

// TestNamesNotAsked has runs in which names are left alone.
func TestNamesNotAsked(t *testing.T) {
	rec := nameStack{dialect: sendfile.Dialects()[0]}.observe(t)
	for name, c := range map[string]struct {
		change func(s *diag.Stack, rec *diag.Record)
		status diag.Status
	}{
		"as it is":         {func(*diag.Stack, *diag.Record) {}, diag.Pass},
		"one fixed file":   {func(s *diag.Stack, _ *diag.Record) { s.Fixed = "a.bin" }, diag.Skip},
		"quick":            {func(s *diag.Stack, _ *diag.Record) { s.Profile = diag.Quick }, diag.Skip},
		"nothing was sent": {func(_ *diag.Stack, rec *diag.Record) { rec.Exchanges = rec.Exchanges[:2] }, diag.Unknown},
		"no download":      {func(_ *diag.Stack, rec *diag.Record) { rec.Exchanges = nil }, diag.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			changed := *rec
			c.change(&changed.Stack, &changed)
			v := diag.NewView(changed.Stack, &changed)
			if status, reason := judgeNames(v); status != c.status {
				t.Errorf("%s %s, want %s", status, reason, c.status)
			}
			if code, lost := nameFault(v); code != "" {
				t.Errorf("found %s: %v", code, lost)
			}
		})
	}
}
