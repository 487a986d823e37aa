package e2e

import (
	"strings"
	"testing"
)

const (
	// lightSocket begins the block of lighttpd's samples, lightURL that of the downloads.
	lightSocket = `$SERVER["socket"] == "127.0.0.1:8080" {`
	lightURL    = `$HTTP["url"] =~ "^/dl/" {`

	// lightApp is the application's entry, lightSend what makes it hand over.
	lightApp  = `"host" => "127.0.0.1", "port" => 8000`
	lightSend = `"x-sendfile" => "enable", "x-sendfile-docroot" => ( "/srv/media/" )`
)

// inSocket puts text at the top of the site's block, inURL into that of the
// downloads; more edits may follow.
func inSocket(text string, more ...edit) edit { return putInto(lightSocket, text, more) }

func inURL(text string, more ...edit) edit { return putInto(lightURL, text, more) }

func putInto(head, text string, more []edit) edit { return both(append(more, within(head, text))...) }

// onlySocket replaces everything in the site's block.
func onlySocket(text string) edit {
	return func(testing.TB, string) string {
		return "server.modules += ( \"mod_proxy\" )\n" + lightSocket + "\n" + text + "\n}\n"
	}
}

// onlyProxy replaces everything in the block of the downloads.
func onlyProxy(text string) edit { return onlySocket(lightURL + "\n" + text + "\n}") }

// lightModules loads more modules, before all others.
func lightModules(names ...string) edit {
	return above("server.modules := ( \"" + strings.Join(names, "\", \"") + "\" ) + server.modules")
}

// lightTier puts another tier in front of the site, with this text in it: the
// site itself moves to a socket.
func lightTier(text string) edit {
	return func(t testing.TB, site string) string {
		site = replace(t, lightSocket, `$SERVER["socket"] == "/run/scratch/site.sock" {`)(site)
		return site + lightSocket + "\nproxy.server = ( \"\" => ( ( \"socket\" => \"/run/scratch/site.sock\" ) ) )\n" + text + "\n}\n"
	}
}
