package serve

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Redactor takes secrets out of texts. The zero Redactor knows none but those
// that show themselves.
type Redactor struct {
	mu    sync.RWMutex
	given []string
	known []string // what was given, and what texts may have of it
}

// shortest is the length of a secret that is taken out: what is shorter stands
// in too many words.
const shortest = 4

// Add adds a secret.
func (r *Redactor) Add(secret string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(secret) < shortest || slices.Contains(r.given, secret) {
		return
	}
	r.given = append(r.given, secret)
	for _, part := range append(partsOfURL(secret), secret) {
		quoted := strconv.Quote(part)
		for _, form := range []string{part, quoted[1 : len(quoted)-1], url.QueryEscape(part), url.PathEscape(part)} {
			if len(form) >= shortest && !slices.Contains(r.known, form) {
				r.known = append(r.known, form)
			}
		}
	}
	slices.SortFunc(r.known, func(a, b string) int { return len(b) - len(a) }) // what holds another one goes first
}

// tellingPath and tellingValue are how long paths with their queries and values of
// queries are that may be secrets: /services/T012/B345/6789, not /ping?full=true.
const (
	tellingPath  = 16
	tellingValue = 8
)

// partsOfURL are the parts of a URL that give access: its password and, as far as
// they are long, its path and the values of its query. Its host and a database's
// name are what messages are about.
func partsOfURL(text string) (list []string) {
	u, err := url.Parse(text)
	if err != nil || u.Host == "" {
		return nil
	}
	if password, ok := u.User.Password(); ok {
		_, written, _ := strings.Cut(u.User.String(), ":")
		list = append(list, password, written)
	}
	if uri := u.RequestURI(); len(uri) >= tellingPath {
		list = append(list, uri)
		if len(u.Path) >= tellingPath {
			list = append(list, u.Path)
		}
	}
	for _, values := range u.Query() {
		for _, v := range values {
			if len(v) >= tellingValue {
				list = append(list, v)
			}
		}
	}
	return list
}

var (
	// login is what stands before the host of a URL.
	login = regexp.MustCompile(`://[^/\s@"']*@`)
	// credential is the value of a setting or a parameter that is called like a
	// secret, and of a field that logs in.
	credential = regexp.MustCompile(`(?i)\b((?:[a-z0-9_-]*(?:password|passwd|secret|token|api_?key|signature))[=:]\s*|bearer |basic )[^\s&,;"']+`)
)

// Redact is a text without secrets, however they are quoted or escaped there.
func (r *Redactor) Redact(text string) string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, s := range r.known {
		text = strings.ReplaceAll(text, s, "…")
	}
	return credential.ReplaceAllString(login.ReplaceAllString(text, "://…@"), "${1}…")
}

// Conceal takes secrets out of what is said about a configuration: what is
// known, also without its beginning, and logins. Settings
// that are called like secrets are what such texts are about.
func (r *Redactor) Conceal(text string) string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, s := range r.known {
		text = strings.ReplaceAll(text, s, "…")
	}
	for _, s := range r.given {
		if strings.HasPrefix(s, "/") { // a file's name
			continue
		}
		for i := strings.IndexAny(s, parts); i >= 0; i = strings.IndexAny(s, parts) {
			if s = s[i+1:]; len(s) >= shortest {
				text = strings.ReplaceAll(text, s, "…")
			}
		}
	}
	return login.ReplaceAllString(text, "://…@")
}

// parts are the signs at which a URL with a secret in it may have been cut.
const parts = "@/?#&"

// concealed is an error whose text has no secrets.
type concealed struct {
	error
	text string
}

// Error implements error.
func (c concealed) Error() string { return c.text }

// Unwrap gives the error itself.
func (c concealed) Unwrap() error { return c.error }

// Error is an error whose text is concealed.
func (r *Redactor) Error(err error) error {
	if err == nil {
		return nil
	}
	if text := r.Conceal(err.Error()); text != err.Error() {
		return concealed{err, text}
	}
	return err
}
