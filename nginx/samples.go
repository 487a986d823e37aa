package nginx

import (
	_ "embed"

	"github.com/proxydiag/proxydiag/pkg/server"
)

var (
	//go:embed samples/downloads.conf
	downloads string
	//go:embed samples/application.conf
	application string
	//go:embed samples/root.conf
	root string
)

// samples are the site files in samples/. Each is complete: a file for
// conf.d/ or sites-enabled/, which nginx.conf includes within http { }.
var samples = []server.Sample{
	{
		Name:     "downloads.conf",
		Title:    "the three locations: download, internal, direct",
		Text:     downloads,
		Path:     "/dl/",
		Direct:   "/direct/",
		Sendfile: "nginx:/protected/",
		Storage:  "/srv/media",
	},
	{
		Name:     "application.conf",
		Title:    "a whole application behind nginx, which sends its files",
		Text:     application,
		Path:     "/documents/",
		Sendfile: "nginx:/protected/",
		Storage:  "/srv/media",
	},
	{
		Name:     "root.conf",
		Title:    "root in place of alias: the internal prefix is a folder of the storage",
		Text:     root,
		Path:     "/dl/",
		Sendfile: "nginx:/protected/",
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
	Sendfile: "nginx:/proxydiag-files/",
	Storage:  "/srv/media",
}
