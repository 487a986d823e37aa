package sendfile

import (
	"net/http"
	"strings"
)

// fates returns the rules for the fields, keyed by canonical name, and the
// rule for all others. backend is in canonical case.
func (d Dialect) fates(out outcome, backend http.Header) (map[string]rule, rule) {
	rules := connectionRules(backend)
	rest := d.rest(out)
	if rest.fate == Keep {
		for name, r := range editedRules() {
			rules[name] = r
		}
	}
	for _, name := range Headers() {
		rules[http.CanonicalHeaderKey(name)] = rule{MayOwn, "another server's handoff means nothing to this one"}
	}
	for name, r := range d.own(out, backend) {
		rules[name] = r
	}
	if d.Header != "" {
		rules[http.CanonicalHeaderKey(d.Header)] = rule{Drop, "the handoff is for the proxy, a client should not see it"}
	}
	return rules, rest
}

// rest returns the rule for fields that are not named.
func (d Dialect) rest(out outcome) rule {
	switch {
	case out == passed:
		return rule{Keep, "a proxy passes the fields of a response on (RFC 9110, section 7.6)"}
	case d.Name == "nginx" && out == sent:
		return rule{Drop, "an internal redirect of nginx keeps only a few fields (ngx_http_upstream_headers_in)"}
	case d.Name == "apache" && out == sent:
		return rule{Keep, "mod_xsendfile replaces the body and leaves the fields alone"}
	case d.Name == "lighttpd" && out == sent:
		return rule{Keep, "lighttpd's x-sendfile replaces the body and leaves the fields alone"}
	case d.Name == "nginx", d.Name == "apache", d.Name == "lighttpd":
		return rule{Drop, "the server's own page for a missing file replaces the response"}
	case d.Name == "caddy":
		return rule{MayOwn, "Caddy keeps what copy_response_headers names"}
	}
	return rule{MayOwn, "nothing is known of what this server keeps"}
}

// own returns the rules in which the dialects differ.
func (d Dialect) own(out outcome, backend http.Header) map[string]rule {
	switch out {
	case sent:
		return d.whenSent(backend)
	case failed:
		return d.whenFailed()
	}
	if d.Name == "nginx" {
		return nginxHides()
	}
	return nil
}

// whenSent returns the rules for a file that is sent. Those for
// Content-Length are the same for all and stand in Expect.
func (d Dialect) whenSent(backend http.Header) map[string]rule {
	rules := map[string]rule{
		"Accept-Ranges": {MayOwn, "written by the proxy, which may leave it out or repeat the backend's"},
		"Content-Type":  {MayOwn, "the backend names no type, the proxy may choose one"},
		"Etag":          {MayOwn, "made by the proxy from the file, unless it is told not to"},
		"Last-Modified": {Own, "made by the proxy from the file"},
	}
	keep := func(why string, names ...string) {
		for _, name := range names {
			if backend.Values(name) != nil {
				rules[name] = rule{Keep, why}
			}
		}
	}
	switch d.Name {
	case "nginx":
		keep("an internal redirect of nginx keeps it (ngx_http_upstream_headers_in)",
			"Content-Type", "Content-Disposition", "Set-Cookie", "Cache-Control", "Expires")
	case "apache":
		keep("mod_xsendfile keeps it", "Content-Type")
		keep("with mod_xsendfile the backend's validator wins, unless XSendFileIgnoreEtag or XSendFileIgnoreLM is on",
			"Etag", "Last-Modified")
		rules["Content-Encoding"] = rule{Drop, "mod_xsendfile removes it: it sends the file as it is"}
	case "lighttpd":
		if backend.Values("Content-Type") == nil {
			rules["Last-Modified"] = rule{MayOwn, "lighttpd makes validators only for a response that has a type"}
		}
		keep("lighttpd's x-sendfile keeps it", "Content-Type")
		keep("with lighttpd the backend's validator wins", "Etag", "Last-Modified")
	case "caddy":
		keep("copy_response_headers of a healthy configuration names it",
			"Content-Type", "Content-Disposition", "Cache-Control", "Set-Cookie")
	default:
		rules["Last-Modified"] = rules["Etag"]
	}
	return rules
}

// whenFailed returns the rules for a handoff of a file that is not there.
func (d Dialect) whenFailed() map[string]rule {
	rules := map[string]rule{
		"Content-Length": {MayOwn, "that of the page for a missing file"},
		"Content-Type":   {MayOwn, "that of the page for a missing file"},
	}
	if d.Name == "nginx" {
		for _, name := range []string{"Content-Disposition", "Set-Cookie", "Cache-Control", "Expires"} {
			rules[name] = rule{MayOwn, "nginx keeps it even on its own page for a missing file"}
		}
	}
	return rules
}

// nginxHides returns the fields that nginx never passes on unless
// proxy_pass_header says so (ngx_http_proxy_hide_headers).
func nginxHides() map[string]rule {
	rules := map[string]rule{}
	for _, name := range []string{"X-Accel-Expires", "X-Accel-Limit-Rate", "X-Accel-Buffering", "X-Accel-Charset", "X-Pad"} {
		rules[name] = rule{Drop, "nginx hides it (documentation of proxy_hide_header)"}
	}
	return rules
}

// connectionRules returns the rules for the fields that belong to one
// connection or that every server on the way writes itself.
func connectionRules(backend http.Header) map[string]rule {
	rules := map[string]rule{}
	hop := func(names ...string) {
		for _, name := range names {
			rules[http.CanonicalHeaderKey(name)] = rule{MayOwn, "it belongs to one connection (RFC 9110, section 7.6.1)"}
		}
	}
	for _, line := range backend.Values("Connection") {
		for name := range strings.SplitSeq(line, ",") {
			if name = strings.TrimSpace(name); name != "" {
				hop(name)
			}
		}
	}
	hop("Connection", "Keep-Alive", "Proxy-Connection", "Te", "Trailer", "Transfer-Encoding", "Upgrade")
	for _, name := range []string{"Age", "Date", "Server", "Via", "Warning"} {
		rules[name] = rule{MayOwn, "each server on the way may write its own (RFC 9110, sections 6.6.1, 7.6.3, 10.2.4; RFC 9111, section 5)"}
	}
	return rules
}

// editedRules returns the rules for fields that a proxy passes on and that
// are often changed on purpose.
func editedRules() map[string]rule {
	rules := map[string]rule{
		"Accept-Ranges":  {MayOwn, "a proxy that serves ranges itself may write it"},
		"Content-Length": {MayOwn, "a proxy may frame the body anew (RFC 9112, section 6)"},
		"X-Powered-By":   {MayOwn, "often removed on purpose"},
	}
	for _, name := range []string{"Location", "Content-Location", "Refresh"} {
		rules[name] = rule{MayOwn, "proxies rewrite what points back to the backend (proxy_redirect, ProxyPassReverse)"}
	}
	return rules
}
