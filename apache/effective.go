package apache

import (
	"slices"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// Effective returns the directives with one of the names that stand in the
// blocks in force at the end of the route, in the order of merging. Which of
// them counts depends on the directive: of a setting that has one value the
// last one, of Header and its like all, of Require all in the last block that
// has any. What belongs to servers, such as ProxyPass, Alias and RewriteRule,
// is looked up by Server.
func (t *Route) Effective(names ...string) []*conf.Directive {
	return inBlocks(t.Sections, names...)
}

// Last returns the last of Effective, nil where there is none.
func (t *Route) Last(names ...string) *conf.Directive { return lastOf(t.Effective(names...)) }

// Server returns the directives with one of the names that hold for the whole
// server that took the route: those directly in its VirtualHost, before those
// of the main server.
func (r *Router) Server(t *Route, names ...string) []*conf.Directive {
	return t.state.server(names...)
}

func inBlocks(blocks []*conf.Directive, names ...string) []*conf.Directive {
	var found []*conf.Directive
	for _, b := range blocks {
		found = append(found, b.All(names...)...)
	}
	return found
}

func lastOf(found []*conf.Directive) *conf.Directive {
	if len(found) == 0 {
		return nil
	}
	return found[len(found)-1]
}

func (s *state) effective(names ...string) []*conf.Directive { return inBlocks(s.sections(), names...) }

func (s *state) effectiveLast(name string) *conf.Directive { return lastOf(s.effective(name)) }

// server are the directives of the virtual host, then those of the main server.
func (s *state) server(names ...string) []*conf.Directive {
	found := s.srv.block.All(names...)
	if s.srv.dir != nil {
		found = append(slices.Clip(found), s.r.conf.Top.All(names...)...)
	}
	return found
}

// serverLast is the directive of a setting of the server that has one value.
func (s *state) serverLast(name string) *conf.Directive {
	if d := lastOf(s.srv.block.All(name)); d != nil {
		return d
	}
	return lastOf(s.r.conf.Top.All(name))
}
