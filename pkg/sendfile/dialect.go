package sendfile

import (
	"fmt"
	"strconv"
	"strings"
)

// Form says what the value of a handoff header names.
type Form int

const (
	// URI means: the value is a URI of the proxy itself, which maps it to a file
	// by its own configuration (X-Accel-Redirect).
	URI Form = iota
	// Path means: the value is a path in the file system of the proxy's machine
	// (X-Sendfile).
	Path
)

// String returns "uri" or "path".
func (f Form) String() string {
	switch f {
	case URI:
		return "uri"
	case Path:
		return "path"
	}
	return "Form(" + strconv.Itoa(int(f)) + ")"
}

// Coding says how the proxy reads the value of a handoff header.
type Coding int

const (
	// Percent means: %XX is decoded, and a bare '?' ends the path and begins a
	// query. Any file name can be written. nginx
	// (ngx_http_parse_unsafe_uri), Caddy from 2.7 on.
	Percent Coding = iota
	// Decoded means: %XX is decoded, a '%' that begins no escape stands for
	// itself, and '?' is a character like any other. lighttpd, which puts
	// '_' in place of an escaped control character and refuses names that
	// are not UTF-8.
	Decoded
	// Raw means: nothing is decoded, the value is the name. mod_xsendfile 0.12,
	// and Caddy up to 2.6, where a bare '?' still ends the path, so that
	// names with '?' cannot be written at all.
	Raw
)

// String returns "percent", "decoded" or "raw".
func (c Coding) String() string {
	switch c {
	case Percent:
		return "percent"
	case Decoded:
		return "decoded"
	case Raw:
		return "raw"
	}
	return "Coding(" + strconv.Itoa(int(c)) + ")"
}

// A Dialect is one kind of handoff: which header field carries it and how its
// value is written. What becomes of the other fields is told by
// [Dialect.Expect]. Dialects are comparable with ==; obtain them from
// [Lookup] or [Dialects], or take the zero value for "none known".
type Dialect struct {
	Name   string `json:"name"`   // the server's name in lower case, e.g. "nginx"
	Header string `json:"header"` // the handoff field, e.g. "X-Accel-Redirect"
	Form   Form   `json:"form"`
	Coding Coding `json:"coding"`
}

// Dialects returns every known dialect, each as the server's version in
// Debian 12 speaks it. The order is that of the documentation.
//
// Sources: nginx, ngx_http_proxy_module and ngx_http_upstream.c;
// mod_xsendfile 0.12's documentation; lighttpd's mod_proxy and mod_fastcgi
// ("x-sendfile"); Caddy's reverse_proxy ("handle_response"); LiteSpeed's wiki,
// "Internal Redirect". All but LiteSpeed were tried on the real servers; the
// coding of LiteSpeed's is what its documentation's word "URI" means.
func Dialects() []Dialect {
	return []Dialect{
		{Name: "nginx", Header: "X-Accel-Redirect", Form: URI, Coding: Percent},
		{Name: "apache", Header: "X-Sendfile", Form: Path, Coding: Raw},
		{Name: "lighttpd", Header: "X-Sendfile", Form: Path, Coding: Decoded},
		{Name: "caddy", Header: "X-Accel-Redirect", Form: URI, Coding: Raw},
		{Name: "litespeed", Header: "X-LiteSpeed-Location", Form: URI, Coding: Percent},
	}
}

// Names returns the names of all dialects, in the order of [Dialects].
func Names() []string {
	var names []string
	for _, d := range Dialects() {
		names = append(names, d.Name)
	}
	return names
}

// Lookup returns the dialect of the named server, in lower or upper case.
//
// version is the server's version, "major.minor" with or without more behind
// it and a "v" before it, e.g. "2.7.6"; the empty string means the version in
// Debian 12. It matters for Caddy alone: from 2.7 on the rewrite that carries
// out the handoff decodes %XX. The error for an unknown name lists the known
// ones.
func Lookup(name, version string) (Dialect, error) {
	for _, d := range Dialects() {
		if d.Name != strings.ToLower(name) {
			continue
		}
		if d.Name == "caddy" && version != "" {
			decodes, err := atLeast(version, 2, 7)
			if err != nil {
				return Dialect{}, fmt.Errorf("dialect caddy: %w", err)
			}
			if decodes {
				d.Coding = Percent
			}
		}
		return d, nil
	}
	return Dialect{}, fmt.Errorf("no dialect %q: use one of %s", name, strings.Join(Names(), ", "))
}

// atLeast says whether version is major.minor or later.
func atLeast(version string, major, minor int) (bool, error) {
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	if len(parts) < 2 {
		return false, fmt.Errorf("version %q has no minor number: write it like 2.7", version)
	}
	// The minor number may have a suffix, as in "2.7-beta1".
	digits := parts[1]
	if i := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' }); i >= 0 {
		digits = digits[:i]
	}
	gotMajor, err1 := strconv.Atoi(parts[0])
	gotMinor, err2 := strconv.Atoi(digits)
	if err1 != nil || err2 != nil {
		return false, fmt.Errorf("version %q is not one: write it like 2.7", version)
	}
	return gotMajor > major || gotMajor == major && gotMinor >= minor, nil
}

// Headers returns every response field by which any server takes a handoff,
// those of other and older servers included: a client should never see one of
// them. The names are in the case of their documentation.
func Headers() []string {
	return []string{
		"X-Accel-Redirect",         // nginx, Caddy by convention
		"X-Sendfile",               // mod_xsendfile, lighttpd
		"X-LiteSpeed-Location",     // LiteSpeed
		"X-LIGHTTPD-send-file",     // lighttpd up to 1.4
		"X-LIGHTTPD-send-tempfile", // lighttpd 1.5
		"X-Sendfile2",              // lighttpd, with ranges
		"X-Sendfile-Temporary",     // mod_xsendfile 1.0
		"X-Reproxy-File",           // Perlbal
		"X-Reproxy-URL",            // Perlbal, mod_reproxy
	}
}
