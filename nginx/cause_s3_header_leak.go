package nginx

import (
	"regexp"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var s3HeaderLeak = diag.Rule{
	Doc: diag.Doc{
		Code: "nginx-s3-header-leak", Part: diag.PartHandoff, Severity: diag.Warning,
		Title: "The storage's own fields reach the client",
		Text: "What an internal location fetches from an object store comes with the store's fields: request " +
			"ids, metadata, versions. They tell where the files are, and metadata may hold what is nobody's business.",
		Fix: "Hide them in the internal location with proxy_hide_header, one line for each field.",
		Before: `location /s3/ {
    internal;
    proxy_pass https://bucket.s3.example.org/;
}`,
		After: `location /s3/ {
    internal;
    proxy_hide_header x-amz-request-id;
    proxy_hide_header x-amz-id-2;
    proxy_hide_header x-amz-server-side-encryption;
    proxy_pass https://bucket.s3.example.org/;
}`,
		Source: "nginx documentation, ngx_http_proxy_module, proxy_hide_header; AWS documentation, Common Response Headers",
	},
	Check: "headers",
	Judge: judge(judgeS3HeaderLeak),
}

// ofStore matches the names of fields that object stores add.
var ofStore = regexp.MustCompile(`(?i)^x-(?:amz|goog|ms|minio|oss|obs|cos|rgw)-`)

func judgeS3HeaderLeak(s *site) *diag.Finding {
	u := s.fetched()
	if u == nil || !s.Delivered() {
		return nil
	}
	b := s.Exchange(diag.BackendGet)
	var names []string
	for _, f := range s.Exchange(diag.ProxyGet).Header {
		if ofStore.MatchString(f.Name) && !b.Header.Has(f.Name) && !slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, f.Name) }) {
			names = append(names, f.Name)
		}
	}
	if names == nil {
		return nil
	}
	f := s.Found(u.Pass, "The client gets %s from %s.", strings.Join(names, ", "), u.Host)
	f.Evidence = append(f.Evidence, diag.Evidence{Kind: diag.EvidenceExchange, Probe: diag.ProxyGet, Text: "fields of the storage in the answer at the proxy port: " + strings.Join(names, ", ")})
	return s.With(f, s.Handoff)
}
