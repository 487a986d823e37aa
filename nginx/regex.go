package nginx

import "github.com/proxydiag/proxydiag/pkg/conf/pcre"

// patternKey tells patterns apart.
type patternKey struct {
	text string
	fold bool
}

// pattern returns the pattern of a text, the same one each time.
func (r *Router) pattern(text string, fold bool) *pcre.Pattern {
	key := patternKey{text, fold}
	if p, ok := r.patterns.Load(key); ok {
		return p.(*pcre.Pattern)
	}
	p, _ := r.patterns.LoadOrStore(key, pcre.New(text, fold))
	return p.(*pcre.Pattern)
}
