package check

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var proxySchemeLost = diag.Rule{
	Doc: diag.Doc{
		Code: "proxy-scheme-lost", Part: diag.PartProxy, Severity: diag.Error,
		Title: "The application redirects to https, since the proxy does not say that the client came by it",
		Text: "The application answers with a redirect to the https form of the same URL, and would answer the " +
			"download if the request said X-Forwarded-Proto: https. Behind a proxy that ends TLS and does " +
			"not pass the scheme on, the redirect comes back for ever.",
		Fix: "Let the proxy send X-Forwarded-Proto with the scheme that the client used. If this port is " +
			"meant to be plain http, ask its https URL.",
		Before: "GET https://www.example.org/dl/a.bin → 301, Location: https://www.example.org/dl/a.bin",
		After:  "GET https://www.example.org/dl/a.bin → 200",
		Source: "RFC 9110 (HTTP Semantics) section 15.4",
	},
	Check:    checkEndToEnd,
	Blocks:   true,
	Explains: []string{"backend-error-status", "proxy-redirects"},
	Judge:    judgeSchemeLost,
}

func judgeSchemeLost(v *diag.View) []diag.Finding {
	x := schemeLost(v)
	if x == nil {
		return nil
	}
	told := "https"
	if x.Probe.ID == backendHTTP {
		told = "http"
	}
	return []diag.Finding{{
		Detail: fmt.Sprintf("The proxy port answers %s, to %s. Asked with X-Forwarded-Proto: %s the backend answers %s.",
			status(v.Exchange(diag.ProxyGet)), v.Exchange(diag.ProxyGet).Header.Get("Location"), told, status(x)),
		Evidence: []diag.Evidence{download(v), said(x)},
	}}
}
