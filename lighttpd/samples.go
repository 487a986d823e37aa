package lighttpd

import (
	_ "embed"

	"github.com/proxydiag/proxydiag/pkg/server"
)

var (
	//go:embed samples/downloads.conf
	downloads string
	//go:embed samples/application.conf
	application string
	//go:embed samples/processes.conf
	processes string
)

// between is what stands between the host and the port of a backend.
const between = `", "port" => `

// samples are the site files in samples/. Each is complete: a file for
// conf-available/, which lighttpd.conf includes when lighty-enable-mod has
// enabled it.
var samples = []server.Sample{
	{
		Name:     "downloads.conf",
		Title:    "one path for downloads, with a direct way in for checks",
		Text:     downloads,
		Between:  between,
		Path:     "/dl/",
		Direct:   "/direct/",
		Sendfile: "lighttpd:/srv/media/",
		Storage:  "/srv/media",
	},
	{
		Name:     "application.conf",
		Title:    "a whole application behind lighttpd, which sends its files",
		Text:     application,
		Between:  between,
		Path:     "/documents/",
		Sendfile: "lighttpd:/srv/media/",
		Storage:  "/srv/media",
	},
	{
		Name:     "processes.conf",
		Title:    "an application of several processes, files in a folder of the storage",
		Text:     processes,
		Between:  between,
		Path:     "/dl/",
		Sendfile: "lighttpd:/srv/media/protected/",
		Storage:  "/srv/media/protected",
	},
}

//go:embed snippet.conf
var snippet string

// addition is what `init` proposes for a site that hands nothing over yet.
var addition = server.Sample{
	Name:     "snippet.conf",
	Title:    "downloads for proxydiag, to be added to a site",
	Text:     snippet,
	Between:  between,
	Path:     "/proxydiag/",
	Sendfile: "lighttpd:/srv/media/",
	Storage:  "/srv/media",
}
