package nginx

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var s3ArgsLost = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-s3-args-lost", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "The query of the presigned URL does not reach the storage",
		Text: "The backend hands off a URL that is signed by its query, and the internal location asks the " +
			"storage without that query: a proxy_pass with variables sends what is written and nothing " +
			"else, and a rewrite whose replacement ends with a question mark drops the query.",
		Fix: "Write proxy_pass without variables, so that nginx passes on name and query as they came, or append " +
			"$is_args$args to the address; take the question mark off the rewrite.",
		Before: "location ~ ^/s3/(.*)$ { internal; proxy_pass https://bucket.s3.example.org/$1; }",
		After:  "location /s3/ { internal; proxy_pass https://bucket.s3.example.org/; }",
		Source: "nginx documentation, ngx_http_proxy_module, proxy_pass; ngx_http_rewrite_module, rewrite",
	},
	Check:    "end-to-end",
	Anyway:   true,
	Blocks:   true,
	Symptoms: []string{"handoff-forbidden", "handoff-not-found", "handoff-wrong-content", "proxy-auth-required"},
	Judge:    judge(judgeS3ArgsLost),
}

func judgeS3ArgsLost(s *site) *diag.Finding {
	query := s.handedQuery()
	if len(query) == 0 || !s.refusedThere() {
		return nil
	}
	u := s.fetched()
	_, sent, _ := strings.Cut(u.URI, "?")
	if u.Unknown != "" || u.URI == "" {
		return nil
	}
	for name := range query {
		if strings.Contains(sent, name+"=") {
			return nil // what is left of it says something else
		}
	}
	at := u.Pass
	for _, step := range s.Handoff.redirected().Steps {
		if d := step.Directive; d != nil && d.Name == "rewrite" && strings.HasSuffix(d.Arg(1), "?") && !strings.Contains(u.Pass.Arg(0), "$") {
			at = d
		}
	}
	f := s.Found(at, "The handoff has a query, and %s is asked for %s.", u.Host, u.URI)
	return s.With(f, s.Handoff)
}
