package nginx

import (
	"net/http"
	"net/netip"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// access runs the access phase. It holds for internal redirects, too.
func (s *state) access() {
	for _, name := range []string{"limit_req", "limit_conn"} {
		if d := last(s.level, name); d != nil {
			s.provided(d, "may refuse by rate")
		}
	}
	for _, d := range Effective(s.level, "access_by_lua", "access_by_lua_block", "access_by_lua_file") {
		s.provided(d, "Lua may refuse")
	}
	rule, status, address := s.byAddress()
	asks, realm := s.byPassword()
	satisfy := last(s.level, "satisfy")
	if satisfy != nil && satisfy.Arg(0) == "any" && (asks != nil || realm != nil) && rule != nil {
		switch {
		case status == allowed:
			s.step(route.StepAccess, rule, "allowed by address, which satisfies")
			return
		case status == denied:
			s.step(route.StepAccess, rule, "denied by address; a password or a subrequest may still satisfy")
		}
		s.password(asks, realm)
		return
	}
	switch status {
	case denied:
		s.step(route.StepAccess, rule, "access is forbidden: %s", address)
		s.fail(http.StatusForbidden, route.Refused, nil, "")
		return
	case unclear:
		s.provided(rule, "the client's address decides")
	}
	s.password(asks, realm)
}

// password looks at what asks for more than an address.
func (s *state) password(asks, realm *conf.Directive) {
	if realm != nil {
		if s.req.Header.Get("Authorization") == "" {
			s.step(route.StepAccess, realm, "asks for a password, and none is sent")
			s.fail(http.StatusUnauthorized, route.Refused, nil, "")
			return
		}
		s.provided(realm, "the password is checked")
	}
	if asks != nil {
		s.provided(asks, "a subrequest to %s is asked", asks.Arg(0))
		for _, set := range effective(s.level, "auth_request_set") {
			name := strings.TrimPrefix(set.Arg(0), "$")
			s.vars[name] = unknown(name, "is set by auth_request_set")
		}
	}
}

func (s *state) byPassword() (asks, realm *conf.Directive) {
	if d := last(s.level, "auth_request"); d != nil && d.Arg(0) != "off" {
		asks = d
	}
	if d := last(s.level, "auth_basic"); d != nil && d.Arg(0) != "off" && last(s.level, "auth_basic_user_file") != nil {
		realm = d
	}
	return asks, realm
}

// What allow and deny say.
const (
	allowed = iota
	denied
	unclear
)

// byAddress goes through the rules in order; the first that fits decides, and
// where none fits the client is allowed.
func (s *state) byAddress() (rule *conf.Directive, status int, why string) {
	var rules []*conf.Directive
	for b := s.level; b != nil && len(rules) == 0; b = b.Parent {
		rules = b.All("allow", "deny")
	}
	verdicts := map[bool]*conf.Directive{}
	for _, d := range rules {
		fits, known := s.fits(d.Arg(0))
		allow := d.Name == "allow"
		if known && !fits {
			continue
		}
		if verdicts[allow] == nil {
			verdicts[allow] = d
		}
		if known {
			if verdicts[!allow] != nil {
				return verdicts[!allow], unclear, ""
			}
			if allow {
				return verdicts[true], allowed, ""
			}
			return verdicts[false], denied, "the rule for " + d.Arg(0) + " holds"
		}
	}
	if verdicts[false] != nil {
		return verdicts[false], unclear, ""
	}
	return nil, allowed, ""
}

// fits says that a rule is for the client; known is false where the client's
// address would be needed.
func (s *state) fits(who string) (fits, known bool) {
	if who == "all" {
		return true, true
	}
	if strings.HasPrefix(s.req.Addr, "unix:") || who == "unix:" {
		return who == "unix:" && strings.HasPrefix(s.req.Addr, "unix:"), s.req.Addr != ""
	}
	if !s.req.Client.IsValid() {
		return false, false
	}
	client := s.req.Client.Unmap()
	if p, err := netip.ParsePrefix(who); err == nil {
		return p.Contains(client), true
	}
	a, err := netip.ParseAddr(who)
	return a.Unmap() == client, err == nil
}
