package nginx

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// fetched is the upstream that nginx fetches the handed-off file from, such as
// an object store; nil where it opens a file itself or asks the backend again.
func (s *site) fetched() *route.Upstream {
	u := cause.Upstream(s.Handoff)
	if u == nil || u.Pass.Name != "proxy_pass" {
		return nil
	}
	for _, p := range u.Peers {
		if s.IsBackend(p) == diag.Yes {
			return nil
		}
	}
	return u
}

// refusedThere says that the download fails where the file is fetched from,
// with the status of a request that is wrong or not allowed.
func (s *site) refusedThere() bool {
	if !s.Lost() || s.fetched() == nil {
		return false
	}
	switch s.Status() {
	case 400, 401, 403, 404:
		return true
	}
	return false
}

// handedQuery is the query of the handoff, "" for none.
func (s *site) handedQuery() url.Values {
	_, query, _ := strings.Cut(s.Value, "?")
	values, _ := url.ParseQuery(query)
	return values
}

// signature matches the names of the query parameters that sign a URL: those of
// AWS (version 4 and 2), of Google Cloud Storage and of Azure's shared access
// signatures.
var signature = regexp.MustCompile(`(?i)^(?:x-amz-signature|x-goog-signature|signature|sig)$`)

// presigned says that the handoff names a URL that is signed by its query.
func (s *site) presigned() bool {
	for name := range s.handedQuery() {
		if signature.MatchString(name) {
			return true
		}
	}
	return false
}

// forwards says that a route's upstream gets a field as the client sends it.
func (t *Route) forwards(name string) bool {
	for _, d := range t.Effective("proxy_pass_request_headers") {
		if d.Arg(0) == "off" {
			return false
		}
	}
	variable := "$http_" + strings.ToLower(strings.ReplaceAll(name, "-", "_"))
	for _, d := range t.Effective("proxy_set_header") {
		if strings.EqualFold(d.Arg(0), name) {
			return strings.Contains(strings.ToLower(d.Arg(1)), variable)
		}
	}
	return true
}

// fieldSent is the directive in force that sets a field for a route's upstream.
func (t *Route) fieldSent(name string) *conf.Directive {
	for _, d := range t.Effective("proxy_set_header") {
		if strings.EqualFold(d.Arg(0), name) {
			return d
		}
	}
	return nil
}
