package lighttpd

import (
	"net/url"
	"path"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

// intent is what the backends of the download may hand over from, where all of
// them name the same single folder.
func intent(source conf.Source, proxy *url.URL) (server.Intent, bool) {
	c, _ := Parse(source) // what is wrong with it was told before
	t := server.Asked(NewRouter(c, RouterOptions{}), server.RouteRequest{URL: proxy})
	var found server.Intent
	for _, h := range t.Hosts {
		docroot := h.Docroot()
		if _, on := h.XSendfile(); !on || docroot == nil || len(docroot.Value.Items) != 1 || docroot.Value.unknown() != "" {
			return server.Intent{}, false
		}
		prefix := strings.TrimSuffix(path.Clean(docroot.Value.Items[0].Value.Str()), "/") + "/"
		if found.Prefix != "" && found.Prefix != prefix {
			return server.Intent{}, false
		}
		at := cause.Writing(written).Place(cause.First(docroot.Dir, cause.Pass(t)))
		if prefix == "/" || at == nil {
			return server.Intent{}, false
		}
		found = server.Intent{Prefix: prefix, Location: *at}
	}
	return found, found.Prefix != ""
}
