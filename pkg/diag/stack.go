package diag

import (
	"net/url"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/compare"
)

// Stack is what is under test: a storage, a backend and a proxy, and what the
// user states about how they are meant to work together.
type Stack struct {
	Name string `json:"name,omitempty"`

	// Storage is the folder or URL that fixtures are put into.
	Storage string `json:"storage"`
	// Backend and Proxy are the download URL on the application's own port and
	// on the port that users reach.
	Backend URL `json:"backend"`
	Proxy   URL `json:"proxy"`
	// Direct serves the storage as it is; empty where there is no such location.
	Direct URL `json:"direct,omitempty"`

	// Fixed is the one file of the storage that both URLs always deliver; empty
	// where the URLs take a file name.
	Fixed string `json:"fixed,omitempty"`
	// Sendfile is the intent, KIND:PREFIX: what the storage's root is called in
	// the handoff. Empty: it is learned from the backend.
	Sendfile string `json:"sendfile,omitempty"`
	// SendfileFrom says where Sendfile was read where the user does not state
	// it: a place in the configuration.
	SendfileFrom string `json:"sendfile_from,omitempty"`
	// Server is the proxy's kind where Sendfile does not tell.
	Server string `json:"server,omitempty"`
	// Companion says that our own download server answers on Backend's port.
	Companion bool `json:"companion,omitempty"`

	// Config and ErrorLog are the proxy's configuration and error log on this
	// machine; empty where they are not at hand.
	Config   string `json:"config,omitempty"`
	ErrorLog string `json:"error_log,omitempty"`

	// Denied and Missing are downloads of the user's own backend that must be
	// refused and that are not there, as URLs on the backend's port.
	Denied  string `json:"denied,omitempty"`
	Missing string `json:"missing,omitempty"`

	// Large, where not 0, asks for the download of a file of so many bytes as well.
	Large int64 `json:"large,omitempty"`

	// Methods are those that downloads are asked for by besides GET and HEAD:
	// POST, which may change something in the user's application.
	Methods []string `json:"methods,omitempty"`

	// Profile says how much is asked; empty: Standard.
	Profile Profile `json:"profile,omitempty"`

	// As are further users of the application, who are compared with the first.
	As []As `json:"as,omitempty"`

	// Header fields are sent with every request to the backend and the proxy.
	Header compare.Header `json:"header,omitempty"`
}

// Intention is Sendfile with where it is known from, for people.
func (s Stack) Intention() string {
	if s.SendfileFrom != "" {
		return s.Sendfile + " (" + s.SendfileFrom + ")"
	}
	return "--sendfile " + s.Sendfile
}

// As is a further user: a name for people, and the field that says who asks.
type As struct {
	Name  string        `json:"name"`
	Field compare.Field `json:"field"`
}

// URL is a download URL: {name} in it stands for the escaped name of the file,
// which is appended to the path where {name} is absent.
type URL string

const placeholder = "{name}"

// For gives the URL of one file. The name is escaped as one or several path
// segments (RFC 3986 section 3.3); a slash in it stays a slash.
func (u URL) For(name string) string {
	escaped := EscapePath(name)
	if s := string(u); strings.Contains(s, placeholder) {
		return strings.ReplaceAll(s, placeholder, escaped)
	}
	head, query, hasQuery := strings.Cut(string(u), "?")
	if !strings.HasSuffix(head, "/") {
		head += "/"
	}
	if hasQuery {
		return head + escaped + "?" + query
	}
	return head + escaped
}

// Origin is scheme://host[:port] of the URL.
func (u URL) Origin() string {
	p, err := url.Parse(strings.ReplaceAll(string(u), placeholder, "name"))
	if err != nil {
		return ""
	}
	return p.Scheme + "://" + p.Host
}

// Base is the path that stands before the file name, as a client sends it.
func (u URL) Base() string {
	p, err := url.Parse(u.For("\x00"))
	if err != nil {
		return "/"
	}
	before, _, _ := strings.Cut(p.EscapedPath(), "%00")
	return before
}

// path is the URL without its origin: a base path, or a template with {name}.
func (u URL) path() string {
	if !strings.Contains(string(u), placeholder) {
		return u.Base()
	}
	_, rest, _ := strings.Cut(string(u), "://")
	if slash := strings.IndexByte(rest, '/'); slash >= 0 {
		return rest[slash:]
	}
	return "/"
}

// EscapePath escapes a file name for use in a URL path: everything but the
// unreserved characters of RFC 3986 section 2.3 and the slash.
func EscapePath(name string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(name) {
		c := name[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~/", c) >= 0:
			b.WriteByte(c)
		default:
			b.WriteByte('%')
			b.WriteByte(hex[c>>4])
			b.WriteByte(hex[c&15])
		}
	}
	return b.String()
}
