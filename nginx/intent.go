package nginx

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
	"github.com/proxydiag/proxydiag/pkg/server/cause"
)

// intent is what the configuration's only internal location is for: the prefix
// that the backend is meant to hand off to. Only the server block that takes
// the download URL counts, where that is known. There is none where there are
// several prefixes: then the configuration does not tell which of them is meant.
func intent(source conf.Source, proxy *url.URL) (server.Intent, bool) {
	c, _ := Parse(source) // what is wrong with it was told before
	if c == nil || c.HTTP == nil {
		return server.Intent{}, false
	}
	blocks := c.HTTP.All("server")
	if t := server.Asked(NewRouter(c, RouterOptions{}), server.RouteRequest{URL: proxy}); t.Server != nil {
		blocks = []*conf.Directive{t.Server}
	}
	var found server.Intent
	for _, block := range blocks {
		for _, l := range handoffLocations(block) {
			prefix := handoffPrefix(l)
			if found.Prefix != "" && found.Prefix != prefix {
				return server.Intent{}, false
			}
			if found.Prefix == "" {
				found = server.Intent{Prefix: prefix, Location: *cause.Writing(written).Place(l)}
			}
		}
	}
	return found, found.Prefix != ""
}

// handoffLocations are the internal locations of a server block that can be
// meant for handoffs: those for a prefix that the configuration does not use
// itself.
func handoffLocations(block *conf.Directive) []*conf.Directive {
	var list []*conf.Directive
	used := used(block)
	for _, l := range locations(block) {
		prefix := handoffPrefix(l)
		inUse := slices.ContainsFunc(used, func(uri string) bool { return strings.HasPrefix(uri, prefix) })
		if prefix != "" && !inUse && len(l.All("internal")) > 0 && l.First("return") == nil {
			list = append(list, l)
		}
	}
	return list
}

// handoffPrefix is the prefix that a location takes, with a slash at its end;
// "" for one that is no prefix, or for a single URI.
func handoffPrefix(l *conf.Directive) string {
	kind, name := LocationName(l)
	switch kind {
	case LocationPrefix, LocationNoRegex:
		if name == "/" {
			return ""
		}
		return strings.TrimSuffix(name, "/") + "/"
	case LocationRegex, LocationNoCase:
		if m := prefixPattern.FindStringSubmatch(name); m != nil {
			return m[1]
		}
	}
	return ""
}

// prefixPattern matches patterns that begin with a literal prefix and let
// through what follows: ^/protected/(.*)$
var prefixPattern = regexp.MustCompile(`^\^(/[\w/-]+/)\((?:\?<\w+>|\?P<\w+>)?\.[*+]\)\$?$`)

// used are the URIs that a server block asks for itself: pages for errors,
// subrequests, fallbacks.
func used(block *conf.Directive) []string {
	var uris []string
	note := func(d *conf.Directive) {
		switch d.Name {
		case "error_page", "try_files", "auth_request", "post_action", "mirror", "add_before_body", "add_after_body":
			uris = append(uris, d.Arg(len(d.Args)-1))
		}
	}
	for _, d := range block.Parent.All("error_page", "auth_request") {
		note(d)
	}
	block.Walk(func(d *conf.Directive) bool {
		note(d)
		return true
	})
	return uris
}
