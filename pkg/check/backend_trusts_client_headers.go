package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

var backendTrustsClientHeaders = diag.Rule{
	Doc: diag.Doc{
		Code: "backend-trusts-client-headers", Part: diag.PartBackend, Severity: diag.Error,
		Title: "A client can steer the handoff",
		Text: "The backend takes X-Sendfile-Type or X-Accel-Mapping from the request, fields that only the " +
			"proxy should send, and the proxy passes a client's on: a client chooses the kind of the handoff " +
			"or the path in it (CVE-2025-61780).",
		Fix: "Configure the handoff in the application instead of taking it from the request, and let the " +
			"proxy remove these fields from what clients send.",
		Before: "client: X-Sendfile-Type: X-Sendfile      backend: X-Sendfile: /srv/media/a.bin",
		After:  "client: X-Sendfile-Type: X-Sendfile      backend: X-Accel-Redirect: /protected/a.bin",
		Source: "CVE-2025-61780",
	},
	Check: checkExposure,
	Judge: judgeTrustsClient,
}

// judgeTrustsClient wants both: the backend's handoff changes, and so does what
// comes through the proxy. A proxy that removes the fields makes it harmless.
func judgeTrustsClient(v *diag.View) []diag.Finding {
	plain, b, p := v.Exchange(diag.BackendGet), v.Exchange(backendForged), v.Exchange(proxyForged)
	if !b.Answered() || b.Status >= 300 || !p.Answered() || slices.Equal(plain.Handoffs(), b.Handoffs()) {
		return nil
	}
	if p.Delivers() && len(p.Handoffs()) == len(v.Exchange(diag.ProxyGet).Handoffs()) {
		return nil
	}
	if slices.Equal(plain.Handoffs(), v.Exchange(diag.BackendAgain).Handoffs()) {
		return []diag.Finding{{
			Detail: fmt.Sprintf("With %s in the request the backend hands off by %s, without by %s; through the proxy the answer changes too.",
				fieldNames(b.Probe.Header), handoffText(b), handoffText(plain)),
			Evidence: []diag.Evidence{said(b), said(p)},
		}}
	}
	return nil // the handoff changes by itself, from one request to the next
}

func fieldNames(h compare.Header) string {
	var names []string
	for _, f := range h {
		names = append(names, f.Name)
	}
	return strings.Join(names, " and ")
}

func handoffText(x *diag.Exchange) string {
	var fields []string
	for _, f := range x.Handoffs() {
		fields = append(fields, f.Name+": "+f.Value)
	}
	if fields == nil {
		return "no field at all"
	}
	return strings.Join(fields, ", ")
}
