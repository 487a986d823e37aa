package serve

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/proxydiag/proxydiag/internal/project"
)

// TestConceal: what a reference was replaced with is in no error of the
// configuration, however it is quoted there.
func TestConceal(t *testing.T) {
	t.Parallel()
	secret := `p@ss/w%rd&"HUSH`
	r := &Redactor{}
	for _, text := range []string{
		"serve: {checks: {s: {storage: 'webdav+http://h/${env:E}'}}}",
		"serve: {checks: {s: {storage: 'webdav+http://u:${env:E}@h:1/'}}}",
		"serve: {checks: {s: {http: '${env:E}'}}}",
		"serve: {checks: {s: {http: 'http://h/', header: ['${env:E}']}}}",
		"serve: {interval: '${env:E}'}",
	} {
		_, err := project.Parse("p.yaml", text, project.Options{
			Serve: func(n project.Node) { Read(n) }, Secret: r.Add, Redact: r.Conceal,
			Env: func(string) (string, bool) { return secret, true },
		})
		if err == nil || strings.Contains(err.Error(), "HUSH") {
			t.Errorf("%s: %v", text, err)
		}
	}
	for _, form := range []string{secret, fmt.Sprintf("%q", secret), url.QueryEscape(secret), "…@ss/w%rd&\"HUSH"} {
		if got := r.Error(errors.New("no: " + form)).Error(); strings.Contains(got, "HUSH") {
			t.Error(got)
		}
	}
	if text := "password: write it in a file"; r.Conceal(text) != text {
		t.Error(r.Conceal(text))
	}
}
