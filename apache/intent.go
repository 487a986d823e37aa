package apache

import (
	"net/url"
	"path"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

// follow is the router for people: a URL's way in neutral words.
func follow(source conf.Source, q server.RouteRequest) (server.RouteResult, error) {
	c, _ := Parse(source) // what is wrong with it was told before
	return server.Follow(NewRouter(c, RouterOptions{Files: q.Look}), q, handoffField, written), nil
}

// intent is the folder that the virtual host of the download allows: the only
// XSendFilePath in force there. There is none where several folders are
// allowed: then the configuration does not tell which of them is meant.
func intent(source conf.Source, proxy *url.URL) (server.Intent, bool) {
	c, _ := Parse(source) // what is wrong with it was told before
	t := server.Asked(NewRouter(c, RouterOptions{}), server.RouteRequest{URL: proxy})
	var found server.Intent
	for _, d := range t.XSendFilePaths() {
		folder := path.Clean(d.Arg(0))
		if !path.IsAbs(folder) || strings.Contains(folder, "${") {
			return server.Intent{}, false
		}
		prefix := strings.TrimSuffix(folder, "/") + "/"
		if found.Prefix != "" && found.Prefix != prefix {
			return server.Intent{}, false
		}
		at := cause.Writing(written).Place(d)
		if at == nil {
			return server.Intent{}, false
		}
		found = server.Intent{Prefix: prefix, Location: *at}
	}
	if found.Prefix == "" || found.Prefix == "/" {
		return server.Intent{}, false
	}
	return found, true
}
