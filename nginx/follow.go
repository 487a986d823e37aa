package nginx

import (
	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// follow is the router for people: a URL's way in neutral words.
func follow(source conf.Source, q server.RouteRequest) (server.RouteResult, error) {
	c, err := Parse(source)
	if c.HTTP == nil {
		if err == nil {
			err = &conf.Error{Problems: []conf.Problem{{Kind: conf.Empty, Message: "the configuration has no http block, so it answers no request"}}}
		}
		return server.RouteResult{}, err
	}
	return server.Follow(NewRouter(c, RouterOptions{Files: q.Look}), q, header, written), nil
}
