package nginx

import (
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

var serverRewrite = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-server-rewrite", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "A rewrite of the server block catches the internal URI",
		Text: "Directives of the rewrite module in the server block run again for the internal redirect: a " +
			"rule that is meant for clients sends the internal URI elsewhere.",
		Fix: "Move the rule into the location that it is meant for, or exclude the internal prefix from it.",
		Before: `rewrite ^/(?!dl/)(.*)$ /index.php?q=$1 last;
location = /index.php { proxy_pass http://127.0.0.1:8000; }
location /protected/ { internal; alias /srv/media/; }`,
		After: `location / { rewrite ^/(.*)$ /index.php?q=$1 last; }
location = /index.php { proxy_pass http://127.0.0.1:8000; }
location /protected/ { internal; alias /srv/media/; }`,
		Source: "nginx documentation, ngx_http_rewrite_module",
	},
	Check:    "end-to-end",
	Anyway:   true,
	Blocks:   true,
	Symptoms: []string{"handoff-not-found", "handoff-echoed", "handoff-loop", "handoff-wrong-content", "handoff-forbidden", "proxy-redirects"},
	Judge:    judge(judgeServerRewrite),
}

func judgeServerRewrite(s *site) *diag.Finding {
	if !s.Lost() || s.Handoff == nil || s.opens(s.Handoff) {
		return nil
	}
	handed := false
	before := ""
	for _, step := range s.Handoff.Steps {
		switch {
		case step.Kind == route.StepHandoff:
			handed, before = true, step.URI
		case !handed || step.Directive == nil || !inServer(step.Directive):
		case step.Kind == route.StepReturn, step.Kind == route.StepRewrite && step.Directive.Name == "rewrite" && step.URI != before:
			return s.With(s.Found(step.Directive, "The internal URI %s is caught by %s of the server block.", before, step.Directive), s.Handoff)
		}
	}
	return nil
}

// inServer says that a directive stands in a server block, or in an if of one.
func inServer(d *conf.Directive) bool {
	p := d.Parent
	for p != nil && p.Name == "if" {
		p = p.Parent
	}
	return p != nil && p.Name == "server"
}
