package e2e

import (
	"strings"
	"testing"
)

// caddySite is a site with this in it.
func caddySite(text string) edit {
	return func(testing.TB, string) string {
		return "http://127.0.0.1:8080 {\n" + text + "\n}\n"
	}
}

// accelProxy is a reverse_proxy with a handle_response of these lines.
func accelProxy(lines ...string) string {
	return "reverse_proxy 127.0.0.1:8000 {\n@accel header X-Accel-Redirect *\nhandle_response @accel {\n" +
		strings.Join(lines, "\n") + "\n}\n}"
}

// accelSite is a site in which everything goes to the backend, with a
// handle_response of these lines.
func accelSite(lines ...string) edit { return caddySite(accelProxy(lines...)) }

// The lines of a healthy handle_response.
const (
	toMedia    = "root * /srv/media"
	toHandoff  = "rewrite * {rp.header.X-Accel-Redirect}"
	strip      = "uri strip_prefix /protected"
	copyFields = "copy_response_headers {\ninclude Content-Type Content-Disposition Cache-Control Set-Cookie\n}"
	serveFiles = "method * GET\nfile_server"
)

// healthyProxy is accelProxy as it should be.
var healthyProxy = accelProxy(toMedia, toHandoff, strip, copyFields, serveFiles)
