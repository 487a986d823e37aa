package apache

import (
	_ "embed"

	"github.com/proxydiag/proxydiag/pkg/server"
)

var (
	//go:embed samples/downloads.conf
	downloads string
	//go:embed samples/application.conf
	application string
	//go:embed samples/balancer.conf
	balancer string
)

// samples are the site files in samples/. Each is complete: a file for
// sites-available/, which apache2.conf includes when a2ensite has enabled it.
var samples = []server.Sample{
	{
		Name:     "downloads.conf",
		Title:    "one path for downloads, with a direct way in for checks",
		Text:     downloads,
		Path:     "/dl/",
		Direct:   "/direct/",
		Sendfile: "apache:/srv/media/",
		Storage:  "/srv/media",
	},
	{
		Name:     "application.conf",
		Title:    "a whole application behind Apache, which sends its files",
		Text:     application,
		Path:     "/documents/",
		Sendfile: "apache:/srv/media/",
		Storage:  "/srv/media",
	},
	{
		Name:     "balancer.conf",
		Title:    "an application of several processes, files in a folder of the storage",
		Text:     balancer,
		Path:     "/dl/",
		Sendfile: "apache:/srv/media/protected/",
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
	Path:     "/proxydiag/",
	Sendfile: "apache:/srv/media/",
	Storage:  "/srv/media",
}
