package apache

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/conf"
	"github.com/proxydiag/proxydiag/pkg/server/route"
)

// truth is the value of a condition.
type truth int

const (
	unknown truth = iota
	yes
	no
)

func (t truth) not() truth { return [...]truth{unknown, no, yes}[t] }

func known(b bool) truth {
	if b {
		return yes
	}
	return no
}

// access decides whether the request is refused: by mod_access_compat's Order,
// Allow and Deny, and by mod_authz_core's Require, in the last section that has
// any (but for AuthMerging).
func (s *state) access() {
	if s.byMethod(); s.done {
		return
	}
	old, oldBy := s.byOrder()
	asks, by, user := s.byRequire()
	satisfy := s.effectiveLast("Satisfy")
	any := satisfy != nil && strings.EqualFold(satisfy.Arg(0), "any")
	if any && oldBy != nil && (old == yes || asks == yes) {
		return
	}
	refuse := func(t truth, d *conf.Directive, status int, why string) {
		switch t {
		case no:
			s.step(route.StepAccess, d, "%s", why)
			s.end(route.Refused, status, "")
		case unknown:
			s.provided(d, "decides by what the configuration does not tell")
		}
	}
	if !any || asks == no {
		refuse(old, oldBy, http.StatusForbidden, "refuses the client")
	}
	if s.done || any && old == yes {
		return
	}
	if asks == no && user {
		if s.req.Header.Get("Authorization") == "" && s.effectiveLast("AuthType") != nil {
			refuse(no, by, http.StatusUnauthorized, "asks for a user, and no password is sent")
		} else {
			s.provided(by, "the user and the password are checked")
		}
		return
	}
	if by == nil && s.r.conf.Fragment && !strings.HasPrefix(s.filename, "proxy:") {
		s.provided(nil, "the main configuration, which was not read, usually refuses files that no Require opens")
		return
	}
	refuse(asks, by, http.StatusForbidden, "refuses the request")
	if asks == yes && by != nil {
		s.step(route.StepAccess, by, "allows the request")
	}
}

// byMethod refuses what AllowMethods and SSLRequireSSL do.
func (s *state) byMethod() {
	if d := s.effectiveLast("AllowMethods"); d != nil && !strings.EqualFold(d.Arg(0), "reset") {
		allowed := slices.ContainsFunc(d.Texts(0), func(m string) bool {
			return strings.EqualFold(m, s.req.Method) || s.req.Method == "HEAD" && strings.EqualFold(m, "GET")
		})
		if !allowed && s.loaded("mod_allowmethods.c") {
			s.step(route.StepAccess, d, "refuses the method %s", s.req.Method)
			s.end(route.Refused, http.StatusMethodNotAllowed, "")
			return
		}
	}
	if d := s.effectiveLast("SSLRequireSSL"); d != nil && s.req.Scheme != "https" && s.loaded("mod_ssl.c") {
		s.step(route.StepAccess, d, "refuses what does not come by TLS")
		s.end(route.Refused, http.StatusForbidden, "")
	}
}

// loaded says that a module is not known to be absent.
func (s *state) loaded(module string) bool {
	loaded, known := s.r.conf.Loaded(module)
	return loaded || !known
}

var requirements = []string{"Require", "RequireAll", "RequireAny", "RequireNone"}

// byRequire evaluates the Require directives in force. by is the directive that
// decides; user says that what is missing is a user.
func (s *state) byRequire() (result truth, by *conf.Directive, user bool) {
	var any bool
	for _, section := range s.sections() {
		found, has := s.accessOf(section, requirements...)
		if !has {
			continue
		}
		merging := "off"
		if m := lastOf(section.All("AuthMerging")); m != nil && any {
			merging = strings.ToLower(m.Arg(0))
		}
		t, at, u := yes, (*conf.Directive)(nil), false
		if len(found) > 0 {
			t, at, u = s.anyOf(found)
		}
		any = true
		switch {
		case merging == "and" && (result == no || result == unknown && t == yes):
		case merging == "or" && (result == yes || result == unknown && t == no):
		case merging == "or" && result == no && t == no:
			user = user || u
		default:
			result, by, user = t, at, u
		}
	}
	if !any {
		return yes, nil, false
	}
	return result, by, user
}

// anyOf is what <RequireAny> does with what stands in it.
func (s *state) anyOf(found []*conf.Directive) (result truth, by *conf.Directive, user bool) {
	result, by = no, nil
	negatives := true
	defer func() {
		if by == nil {
			by = found[0]
		}
	}()
	for _, d := range found {
		t, at, u := s.requires(d)
		if d.Name == "Require" && strings.EqualFold(d.Arg(0), "not") {
			// Alone it can only refuse.
			if t == no && len(found) == 1 {
				return no, d, false
			}
			continue
		}
		negatives = false
		switch {
		case t == yes:
			return yes, at, false
		case t == unknown && result == no:
			result, by = unknown, at
		case by == nil:
			by = at
		}
		user = user || u
	}
	if negatives {
		return no, by, false
	}
	return result, by, user
}

// requires evaluates one Require or container.
func (s *state) requires(d *conf.Directive) (result truth, by *conf.Directive, user bool) {
	in := d.All(requirements...)
	switch d.Name {
	case "RequireAny":
		if len(in) > 0 {
			return s.anyOf(in)
		}
		return yes, d, false
	case "RequireAll":
		result = yes
		for _, c := range in {
			t, at, u := s.requires(c)
			if t == no && (result != no || user && !u) {
				result, by, user = no, at, u
			}
			if t == unknown && result == yes {
				result, by = unknown, at
			}
		}
		if by == nil {
			by = d
		}
		return result, by, user
	case "RequireNone":
		for _, c := range in {
			if t, at, _ := s.requires(c); t == yes {
				return no, at, false
			} else if t == unknown {
				return unknown, at, false
			}
		}
		return yes, d, false
	}
	words := d.Texts(0)
	not := len(words) > 0 && strings.EqualFold(words[0], "not")
	if not {
		words = words[1:]
	}
	if len(words) == 0 {
		return unknown, d, false
	}
	t := unknown
	switch args := words[1:]; words[0] {
	case "all":
		t = known(len(args) > 0 && strings.EqualFold(args[0], "granted"))
	case "ip":
		t = s.clientIn(args)
	case "local":
		t = s.clientIn([]string{"127.0.0.0/8", "::1"})
		if t == no && s.req.Addr != "" {
			host, _ := splitPort(s.req.Addr)
			if own, err := netip.ParseAddr(host); err == nil && own == s.req.Client {
				t = yes
			}
		}
	case "method":
		t = known(slices.Contains(args, s.req.Method) || s.req.Method == "HEAD" && slices.Contains(args, "GET"))
	case "valid-user", "user", "group":
		if not {
			return unknown, d, false
		}
		return no, d, true
	case "env":
		for _, name := range args {
			if _, ok := s.env.value[name]; ok {
				t = yes
			}
		}
	case "ssl":
		t = known(s.req.Scheme == "https")
	case "expr":
		t = s.expr(strings.Join(args, " "))
	}
	if not {
		t = t.not()
	}
	return t, d, false
}

// clientIn says whether the client is in one of the addresses or networks:
// 10.1.2.3, 10.1, 10.1.0.0/16, 10.1.0.0/255.255.0.0, 2001:db8::/32.
func (s *state) clientIn(nets []string) truth {
	if !s.req.Client.IsValid() {
		return unknown
	}
	client := s.req.Client.Unmap()
	for _, n := range nets {
		p, ok := network(n)
		if !ok {
			return unknown
		}
		if p.Contains(client) {
			return yes
		}
	}
	return no
}

func network(text string) (netip.Prefix, bool) {
	if p, err := netip.ParsePrefix(text); err == nil {
		return p, true
	}
	addr, mask, masked := strings.Cut(text, "/")
	if a, err := netip.ParseAddr(addr); err == nil {
		bits := a.BitLen()
		if masked {
			m, err := netip.ParseAddr(mask)
			if err != nil || !m.Is4() {
				return netip.Prefix{}, false
			}
			bits = 0
			for _, b := range m.As4() {
				for ; b != 0; b <<= 1 {
					bits++
				}
			}
		}
		return netip.PrefixFrom(a, bits), true
	}
	if parts := strings.Split(strings.TrimSuffix(addr, "."), "."); len(parts) < 4 && !masked {
		full := strings.Join(parts, ".") + strings.Repeat(".0", 4-len(parts))
		if a, err := netip.ParseAddr(full); err == nil {
			return netip.PrefixFrom(a, 8*len(parts)), true
		}
	}
	return netip.Prefix{}, false
}

// byOrder evaluates mod_access_compat's directives; the last section that has
// any replaces the others as a whole.
func (s *state) byOrder() (result truth, by *conf.Directive) {
	sections := s.sections()
	for i := len(sections) - 1; i >= 0; i-- {
		found, has := s.accessOf(sections[i], "Order", "Allow", "Deny")
		if !has {
			continue
		}
		allowFirst := false
		match := func(name string) (t truth, by *conf.Directive) {
			t = no
			for _, d := range found {
				if d.Name != name || !strings.EqualFold(d.Arg(0), "from") {
					continue
				}
				for _, arg := range d.Texts(1) {
					one := unknown
					if strings.EqualFold(arg, "all") {
						one = yes
					} else if name, ok := strings.CutPrefix(strings.ToLower(arg), "env="); ok && name != "" {
						if _, set := s.env.value[arg[len("env="):]]; set {
							one = yes
						}
					} else if _, ok := network(arg); ok {
						one = s.clientIn([]string{arg})
					}
					if one == yes {
						return yes, d
					}
					if one == unknown {
						t, by = unknown, d
					}
				}
			}
			return t, by
		}
		for _, d := range found {
			if d.Name == "Order" {
				allowFirst = strings.EqualFold(strings.ReplaceAll(strings.Join(d.Texts(0), ""), " ", ""), "allow,deny")
				by = d
			}
		}
		allow, allowBy := match("Allow")
		deny, denyBy := match("Deny")
		switch {
		case allowFirst && deny == yes:
			return no, denyBy
		case allowFirst && deny == unknown:
			return unknown, denyBy
		case allowFirst:
			if allowBy == nil {
				allowBy = by
			}
			return allow, allowBy
		case allow == yes:
			return yes, allowBy
		case deny == no:
			return yes, by
		case allow == unknown:
			return unknown, allowBy
		}
		return deny.not(), denyBy
	}
	return yes, nil
}
