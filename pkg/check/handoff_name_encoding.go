package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var handoffNameEncoding = diag.Rule{
	Doc: diag.Doc{
		Code: "handoff-name-encoding", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "Some names do not arrive, though they are handed off rightly",
		Text: "For these names the backend's value is what the proxy should understand, and yet the file does not " +
			"come: a location or a rewrite of the proxy takes only some names, or something on the way decodes or " +
			"escapes once too often.",
		Fix: "Look at what matches and rewrites the download's URL and the internal one in the proxy: regular " +
			"expressions that name the allowed characters, captures that go into a URL without being escaped.",
		Before: "X-Accel-Redirect: /protected/a%20b.bin → the proxy: 404",
		After:  "X-Accel-Redirect: /protected/a%20b.bin → the proxy: 200",
		Source: "documentation of X-Accel-Redirect and X-Sendfile in each server",
	},
	Check: checkNames,
	Judge: nameRule("handoff-name-encoding"),
}
