package diag

import (
	"encoding/hex"
	"regexp"
	"strings"
)

// digits are as many hexadecimal digits as a text has bytes.
func (r redactor) digits(text string) string {
	if text == "" {
		return ""
	}
	sum := hex.EncodeToString(r.sum(text))
	return strings.Repeat(sum, len(text)/len(sum)+1)[:len(text)]
}

// logPair matches a parameter of a query that a line of a log quotes.
var logPair = regexp.MustCompile(`([?&]([^=&\s"]+)=)([^&\s",]+)`)

// line replaces what is secret in a line of a log: values of queries, and what
// the user gave to be sent.
func (r redactor) line(text string) string {
	text = logPair.ReplaceAllStringFunc(text, func(pair string) string {
		return pair[:1] + r.query(pair[1:])
	})
	return r.known(text)
}

// known replaces the secrets that the user gave, wherever they stand: pages and
// logs echo what they are sent.
func (r redactor) known(text string) string {
	for _, s := range r.given {
		text = strings.ReplaceAll(text, s, r.digits(s))
	}
	return text
}

// sample is known for a body's bytes.
func (r redactor) sample(body []byte) []byte {
	if len(r.given) == 0 {
		return body
	}
	return []byte(r.known(string(body)))
}
