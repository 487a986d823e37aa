package diag

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// redactor replaces secrets by a hash keyed with a key of the run: the same
// secret gives the same text within a run, and nothing can be looked up.
type redactor struct {
	key []byte
	// named are further fields that hold secrets: those that the user adds to
	// every request.
	named map[string]bool
	// given are credentials that the user gives, which pages and logs may echo.
	given []string
}

// newRedactor prepares the redaction of a run.
func newRedactor(key []byte, stack Stack) redactor {
	r := redactor{key: key, named: map[string]bool{}}
	sent := slices.Clone(stack.Header)
	for _, u := range stack.As {
		sent = append(sent, u.Field)
	}
	for _, f := range sent {
		name := strings.ToLower(f.Name)
		r.named[name] = true
		if !secretFields[name] && !secretQuery.MatchString(name) {
			continue
		}
		_, bare, _ := strings.Cut(f.Value, " ") // without the scheme
		for _, s := range []string{f.Value, bare} {
			if len(s) >= leastSecret {
				r.given = append(r.given, s)
			}
		}
	}
	return r
}

// Redaction returns a function that replaces the secrets in exchanges as a run
// does, with a key of its own; sent are the fields that the user adds to the
// requests.
func Redaction(sent compare.Header) func(compare.Exchange) compare.Exchange {
	key := make([]byte, 32)
	rand.Read(key) // never fails, see crypto/rand
	r := newRedactor(key, Stack{Header: sent})
	return func(x compare.Exchange) compare.Exchange { return r.exchange(Exchange{Exchange: x}).Exchange }
}

// leastSecret is how long a secret is at least that is looked for everywhere:
// a shorter text may stand there for another reason.
const leastSecret = 6

// secretFields are header fields whose values are credentials.
var secretFields = map[string]bool{
	"authorization": true, "proxy-authorization": true, "cookie": true, "x-api-key": true,
	"x-auth-token": true, "x-csrf-token": true, "x-amz-security-token": true,
}

// secretQuery matches the names of query parameters whose values are credentials.
var secretQuery = regexp.MustCompile(`(?i)(token|secret|passw|pwd|sig|signature|auth|session|credential|jwt|hmac|api_?key|access_?key|x-amz-|x-goog-)`)

func (r redactor) hash(s string) string {
	return "redacted-" + hex.EncodeToString(r.sum(s)[:6])
}

func (r redactor) sum(s string) []byte {
	m := hmac.New(sha256.New, r.key)
	m.Write([]byte(s))
	return m.Sum(nil)
}

func (r redactor) field(f compare.Field) compare.Field {
	name := strings.ToLower(f.Name)
	switch {
	case name == "set-cookie":
		// The cookie's name and attributes say how the answer may be cached and
		// used; only the value is secret.
		pair, attributes, more := strings.Cut(f.Value, ";")
		cookie, value, _ := strings.Cut(pair, "=")
		f.Value = cookie + "=" + r.hash(value)
		if more {
			f.Value += ";" + attributes
		}
	case secretFields[name] || r.named[name]:
		f.Value = r.hash(f.Value)
	case strings.Contains(f.Value, "?"):
		f.Value = r.known(r.url(f.Value))
	default:
		f.Value = r.known(f.Value)
	}
	return f
}

func (r redactor) header(h compare.Header) compare.Header {
	if h == nil {
		return nil
	}
	out := make(compare.Header, len(h))
	for i, f := range h {
		out[i] = r.field(f)
	}
	return out
}

// url replaces a password and the values of secret query parameters; the rest
// of the text, well-formed or not, stays as it is.
func (r redactor) url(s string) string {
	head, query, has := strings.Cut(s, "?")
	if scheme, rest, ok := strings.Cut(head, "://"); ok {
		host, path, slash := strings.Cut(rest, "/")
		if at := strings.LastIndexByte(host, '@'); at >= 0 {
			user, _, password := strings.Cut(host[:at], ":")
			if !password && !strings.HasPrefix(scheme, "http") {
				return s // a storage's user: a password cannot be in its URL
			}
			if password {
				host = user + ":" + r.hash(host[:at]) + host[at:]
			} else {
				host = r.hash(user) + host[at:] // tokens are given so
			}
		}
		head = scheme + "://" + host
		if slash {
			head += "/" + path
		}
	}
	if !has {
		return head
	}
	return head + "?" + r.query(query)
}

func (r redactor) query(query string) string {
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		name, value, ok := strings.Cut(pair, "=")
		if plain, err := url.QueryUnescape(name); err == nil {
			name = plain
		}
		if ok && value != "" && secretQuery.MatchString(name) {
			pairs[i] = pair[:len(pair)-len(value)] + r.hash(value)
		}
	}
	return strings.Join(pairs, "&")
}

func (r redactor) exchange(x Exchange) Exchange {
	x.Probe.URL, x.Probe.Target = r.url(x.Probe.URL), r.url(x.Probe.Target)
	x.Probe.Header = r.header(x.Probe.Header)
	x.Request.URL = r.url(x.Request.URL)
	x.Request.Header = r.header(x.Request.Header)
	x.Header, x.Trailer = r.header(x.Header), r.header(x.Trailer)
	x.Body.Sample, x.Body.DiffSample = r.sample(x.Body.Sample), r.sample(x.Body.DiffSample)
	seen := make([]sendfile.Seen, len(x.Seen))
	for i, s := range x.Seen {
		seen[i] = r.seen(s)
	}
	x.Seen = seen
	return x
}

func (r redactor) seen(s sendfile.Seen) sendfile.Seen {
	s.Query = r.query(s.Query)
	return s
}

func (r redactor) stack(s Stack) Stack {
	s.Storage = r.url(s.Storage)
	s.Backend, s.Proxy, s.Direct = URL(r.url(string(s.Backend))), URL(r.url(string(s.Proxy))), URL(r.url(string(s.Direct)))
	s.Denied, s.Missing = r.url(s.Denied), r.url(s.Missing)
	s.Header = r.header(s.Header)
	s.As = slices.Clone(s.As)
	for i := range s.As {
		s.As[i].Field.Value = r.hash(s.As[i].Field.Value)
	}
	return s
}
