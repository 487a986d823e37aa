package check

import (
	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// kind is a fixture of another type or size than the main one.
type kind struct {
	role, ext string
	size      int64
	text      bool
	// coded says that it is asked for as a browser does, which accepts gzip.
	coded bool
}

func (k kind) probe() string { return "proxy-" + k.role }

// kinds are types that locations and filters are commonly made for, and sizes
// at which software is known to break.
func kinds() []kind {
	return []kind{
		{role: "txt", ext: ".txt", size: 20000, text: true, coded: true},
		{role: "html", ext: ".html", size: 20000, text: true, coded: true},
		{role: "pdf", ext: ".pdf", size: 20000, coded: true},
		{role: "zip", ext: ".zip", size: 20000, coded: true},
		{role: "jpg", ext: ".jpg", size: 20000, coded: true},
		{role: "mp4", ext: ".mp4", size: 20000, coded: true},
		{role: "empty", ext: ".bin", size: 0},
		{role: "byte", ext: ".bin", size: 1},
		{role: roleMiB, ext: ".bin", size: 1<<20 + 1},
	}
}

const (
	roleMiB  = "mib"
	roleMore = "mibs"
)

// more is a file of a few MiB.
func more() kind { return kind{role: roleMore, ext: ".bin", size: 5<<20 + 3} }

func (k kind) put(v *diag.View) diag.Put {
	p := diag.Put{Role: k.role, Ext: k.ext, Size: k.size}
	if k.text {
		p.Text = bait(v.Stack)
	}
	return p
}

// bait is a line of text with what filters for text look for: tags, addresses
// of either port, server-side includes, templates, letters beyond ASCII.
func bait(s diag.Stack) string {
	return `<html><head><title>a</title></head><body> <a href="` + s.Backend.Origin() + `/">b</a> <a href="` + s.Proxy.Origin() +
		`/">p</a> http://localhost/ https://www.example.org/ <!--#echo var="DATE_LOCAL" --> {{now}} é  </body></html>`
}

func (k kind) ask(port diag.Port, id string) diag.Probe {
	p := diag.Probe{ID: id, Port: port, Method: "GET", Role: k.role}
	if k.coded {
		p.Parts, p.Header = true, compare.Header{{Name: "Accept-Encoding", Value: "gzip"}}
	}
	return p
}

// types puts and asks for files of other types and sizes.
var types = diag.Family{
	Name: "types",
	When: "the download works and the backend hands off; the backend is asked where one does not come",
	Plan: func(v *diag.View) diag.Step {
		var step diag.Step
		if !othersMakeSense(v) {
			return step
		}
		for _, k := range kinds() {
			if k.role != roleMiB || bodySeconds(v.Exchange(diag.ProxyGet)) < 1 {
				k.plan(v, &step)
			}
		}
		return step
	},
}

// sizes asks for a file of a few MiB.
var sizes = diag.Family{
	Name:    "sizes",
	Profile: diag.Thorough,
	When:    "a file of 1 MiB has come, in less than a second",
	Plan: func(v *diag.View) diag.Step {
		var step diag.Step
		if x := v.Exchange("proxy-" + roleMiB); othersMakeSense(v) && x.Delivers() && x.Timing.Total < 1000 {
			more().plan(v, &step)
		}
		return step
	},
}

func othersMakeSense(v *diag.View) bool {
	return v.Stack.Fixed == "" && v.Delivered() && len(v.Exchange(diag.BackendGet).Handoffs()) > 0
}

func (k kind) plan(v *diag.View, step *diag.Step) {
	step.Put = append(step.Put, k.put(v))
	if !v.Fixture(k.role).OK() {
		return
	}
	step.Probes = append(step.Probes, k.ask(diag.Proxy, k.probe()))
	if x := v.Exchange(k.probe()); x != nil && !arrives(x) {
		step.Probes = append(step.Probes, k.ask(diag.Backend, OnBackend(k.probe())))
	}
}
