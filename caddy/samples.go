package caddy

import (
	_ "embed"

	"github.com/proxydiag/proxydiag/pkg/server"
)

var (
	//go:embed samples/downloads.conf
	downloads string
	//go:embed samples/application.conf
	application string
	//go:embed samples/sendfile.conf
	xsendfile string
)

// samples are the site files in samples/. Each is complete: a file that
// /etc/caddy/Caddyfile imports, or the whole of it.
var samples = []server.Sample{
	{
		Name:     "downloads.conf",
		Title:    "downloads by reverse_proxy and handle_response, and the same folder for this machine",
		Text:     downloads,
		Path:     "/dl/",
		Direct:   "/direct/",
		Sendfile: "caddy:/protected/",
		Storage:  "/srv/media",
	},
	{
		Name:     "application.conf",
		Title:    "a whole application behind Caddy, which sends its files",
		Text:     application,
		Path:     "/documents/",
		Sendfile: "caddy:/protected/",
		Storage:  "/srv/media",
	},
	{
		Name:     "sendfile.conf",
		Title:    "the handoff in a snippet, imported with the folder as its argument",
		Text:     xsendfile,
		Path:     "/dl/",
		Sendfile: "caddy:/protected/",
		Storage:  "/srv/media",
	},
}

//go:embed snippet.conf
var snippet string

// addition is what `init` proposes for a site that hands nothing over yet.
var addition = server.Sample{
	Name:     "snippet.conf",
	Title:    "downloads for proxydiag, to be added to a site",
	Text:     snippet,
	Path:     "/proxydiag/",
	Sendfile: "caddy:/proxydiag-files/",
	Storage:  "/srv/media",
}
