package check

import (
	"net/http"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// proxyPlain asks for an answer without a handoff.
const proxyPlain = "proxy-plain"

// rolePage is the page that the companion answers with by itself.
const rolePage = "page"

// pages asks for a page that the companion answers without a handoff: what acts
// on handoffs must let it pass.
var pages = diag.Family{
	Name:    "pages",
	Profile: diag.Standard,
	When:    "the download works, with --companion",
	Plan: func(v *diag.View) diag.Step {
		if !v.Stack.Companion || !v.Delivered() || v.Stack.Fixed != "" {
			return diag.Step{}
		}
		step := diag.Step{Put: []diag.Put{{Role: rolePage, Ext: ".page", Size: 2048, Text: "<p>a page of the application</p>", Page: true}}}
		if v.Fixture(rolePage) != nil {
			step.Probes = []diag.Probe{{ID: proxyPlain, Port: diag.Proxy, Method: http.MethodGet, Role: rolePage}}
		}
		return step
	},
}

func judgePlain(v *diag.View) (diag.Status, string) {
	switch {
	case !v.Stack.Companion:
		return diag.Skip, "with --companion only"
	case v.Stack.Fixed != "":
		return diag.Skip, fixedFile
	}
	s, reason, answered := sent(v, proxyPlain)
	if x := v.Exchange(proxyPlain); answered && x.Status != http.StatusOK {
		return diag.Skip, "another location takes the page that was asked for: " + answer(x)
	}
	return s, reason
}
