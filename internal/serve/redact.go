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
	known []string
}

// shortest is the length of a secret that is taken out: what is shorter stands
// in too many words.
const shortest = 4

// Add adds a secret.
func (r *Redactor) Add(secret string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(secret) >= shortest && !slices.Contains(r.known, secret) {
		r.known = append(r.known, secret)
		slices.SortFunc(r.known, func(a, b string) int { return len(b) - len(a) }) // what holds another one goes first
	}
}

var (
	// login is what stands before the host of a URL.
	login = regexp.MustCompile(`://[^/\s@"']*@`)
	// credential is the value of a setting or a parameter that is called like a
	// secret, and of a field that logs in.
	credential = regexp.MustCompile(`(?i)\b((?:[a-z0-9_-]*(?:password|passwd|secret|token|api_?key|signature))[=:]\s*|bearer |basic )[^\s&,;"']+`)
)

// Redact is a text without secrets.
func (r *Redactor) Redact(text string) string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, s := range r.known {
		text = strings.ReplaceAll(text, s, "…")
	}
	return credential.ReplaceAllString(login.ReplaceAllString(text, "://…@"), "${1}…")
}

// Conceal takes secrets out of what is said about a configuration: what is
// known, quoted, escaped or without its beginning as well, and logins. Settings
// that are called like secrets are what such texts are about.
func (r *Redactor) Conceal(text string) string {
	r.mu.RLock()
	defer r.mu.RUnlock()
	for _, s := range r.known {
		quoted := strconv.Quote(s)
		for _, form := range []string{s, quoted[1 : len(quoted)-1], url.QueryEscape(s), url.PathEscape(s)} {
			text = strings.ReplaceAll(text, form, "…")
		}
	}
	for _, s := range r.known {
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
