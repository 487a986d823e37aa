package mask

import (
	"slices"
	"strings"
	"unicode"
)

// IsSecret says that what has a name is secret: a variable, a header field, a
// parameter. Names of files that hold secrets are none, nor is Set-Cookie: it
// goes to every client.
func IsSecret(name string) bool {
	words := split(name)
	return holds(words, "authorization", "cookie", "signature") && !slices.Equal(words, []string{"set", "cookie"})
}

// isGuard says that the name of a field, or of the parameter that a field
// becomes, ends as those do by which servers know each other: X-Backend-Auth.
func isGuard(name string) bool {
	words := split(name)
	field := strings.Contains(name, "-") || strings.HasPrefix(name, "HTTP_")
	return field && len(words) > 1 && (words[len(words)-1] == "auth" || words[len(words)-1] == "key" && words[len(words)-2] != "cache")
}

// isParameter says that a parameter of a URL is secret: by its name, or as one
// that signs a request to an object store.
func isParameter(name string) bool {
	switch strings.ToLower(name) {
	case "awsaccesskeyid", "x-amz-credential", "x-goog-credential", "googleaccessid", "sig", "signature", "key", "auth", "pass", "pwd":
		return true
	}
	return IsSecret(name)
}

// holdsSecret is IsSecret for the name of a directive, which may well be about
// cookies and signatures.
func holdsSecret(name string) bool { return holds(split(name)) }

// split cuts a name into words, in lower case: at signs, and where lower case
// changes to upper case.
func split(name string) []string {
	var b strings.Builder
	var last rune
	for _, r := range name {
		if unicode.IsUpper(r) && unicode.IsLower(last) {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
		last = r
	}
	return strings.FieldsFunc(b.String(), func(r rune) bool { return strings.ContainsRune("_-.$%{}: ", r) })
}

// holds says that one of the words is a secret's, or one of more.
func holds(words []string, more ...string) bool {
	if len(words) == 0 || pointers[words[len(words)-1]] {
		return false
	}
	for i, w := range words {
		switch {
		case slices.Contains(more, w), w == "jwt", w == "bindpw":
			return true
		case strings.HasSuffix(w, "token"), strings.HasSuffix(w, "apikey"):
			return true
		case w == "key" && (words[0] == "x" || i > 0 && keys[words[i-1]]):
			return true
		}
		for _, part := range []string{"password", "passwd", "passphrase", "secret", "credential"} {
			if strings.Contains(w, part) {
				return true
			}
		}
	}
	return false
}

var (
	// pointers end the names of what only points to a secret, or is about one.
	pointers = map[string]bool{
		"file": true, "path": true, "dir": true, "dialog": true, "program": true, "zone": true, "level": true, "name": true,
		"type": true, "status": true, "host": true, "uri": true, "url": true,
	}
	// keys make a key a secret one.
	keys = map[string]bool{
		"api": true, "access": true, "secret": true, "private": true, "auth": true, "signing": true, "app": true, "master": true,
		"encryption": true, "shared": true, "license": true, "account": true, "storage": true,
	}
)
