package serve

import (
	"regexp"
	"slices"
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
