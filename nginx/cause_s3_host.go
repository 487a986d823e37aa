package nginx

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

var s3Host = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-s3-host", Part: diag.PartHandoff, Severity: diag.Error,
		Title: "The storage gets another Host than the one that was signed",
		Text: "The signature of a presigned URL covers the storage's host. The internal location sends the host " +
			"of the client's request, or the name of an upstream block, and the storage refuses the signature.",
		Fix: "Send the storage's own host from the internal location: proxy_set_header Host with the name that " +
			"the URL was signed for.",
		Before: `location /s3/ {
    internal;
    proxy_set_header Host $host;
    proxy_pass https://bucket.s3.example.org/;
}`,
		After: `location /s3/ {
    internal;
    proxy_set_header Host bucket.s3.example.org;
    proxy_pass https://bucket.s3.example.org/;
}`,
		Source: "nginx documentation, ngx_http_proxy_module, proxy_set_header; AWS documentation, Signature Version 4, SignedHeaders",
	},
	Check:    "end-to-end",
	Anyway:   true,
	Blocks:   true,
	Symptoms: []string{"handoff-forbidden", "handoff-not-found", "handoff-wrong-content", "proxy-auth-required"},
	Judge:    judge(judgeS3Host),
}

func judgeS3Host(s *site) *diag.Finding {
	if !s.refusedThere() || s.Status() == 404 || !s.presigned() || judgeS3ArgsLost(s) != nil {
		return nil
	}
	u, x := s.fetched(), s.Exchange(diag.ProxyGet)
	sent, told := s.Handoff.hostSent(), strings.Contains(string(x.Body.Sample), "SignatureDoesNotMatch")
	clients := strings.EqualFold(sent, x.Request.Host) || strings.EqualFold(sent, hostname(x.Request.Host))
	at := s.Handoff.fieldSent("Host")
	switch {
	case u.Unknown != "" || sent == "":
		return nil
	case at == nil && u.Block == nil, strings.EqualFold(sent, u.Host) && u.Block == nil:
		return nil // the host of the address
	case at != nil && !clients && !told:
		return nil // a name that somebody chose
	}
	f := s.Found(cause.First(at, u.Pass), "The storage at %s gets Host: %s, and refuses what was signed for its own host.", u.Host, sent)
	if told {
		f.Detail += " It says SignatureDoesNotMatch."
	}
	return s.With(f, s.Handoff)
}

// hostname is a Host field without its port.
func hostname(host string) string {
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		return host[:i]
	}
	return host
}
