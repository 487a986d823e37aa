package check

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// wantsLogin says that an answer may ask who the client is: 401 and 403 (RFC 9110
// sections 15.5.2 and 15.5.4), or a redirect to a page for that.
func wantsLogin(x *diag.Exchange) bool {
	switch {
	case x.Status == 401 || x.Status == 403:
		return true
	case x.Status/100 != 3 || toItself(x) != "":
		return false
	}
	to := strings.ToLower(x.Header.Get("Location"))
	for _, word := range []string{"login", "signin", "sign_in", "sign-in", "auth", "sso"} {
		if strings.Contains(to, word) {
			return true
		}
	}
	return false
}

// credentials is the name of the field by which the requests say who asks, ""
// where none does.
func credentials(s diag.Stack) string {
	for _, name := range []string{"Authorization", "Cookie"} {
		if s.Header.Has(name) {
			return name
		}
	}
	return ""
}

// mendLogin says what to do about a download that may need a login; "" where it
// does not look so.
func mendLogin(v *diag.View, x *diag.Exchange) string {
	if !wantsLogin(x) {
		return ""
	}
	const otherwise = " If anyone may download, the application's log says why it refuses."
	if name := credentials(v.Stack); name != "" {
		return "The " + name + " that --header gives is refused: it may be expired, or of a user who may not download this; give one that may." + otherwise
	}
	return "Give the login of a user who may download, as a browser that is logged in sends it: --header 'Cookie: NAME=VALUE', " +
		"or --header 'Authorization: …'." + otherwise
}
