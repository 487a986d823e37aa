package check

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// userTries is how often a further user is asked for who is refused on both
// ports: some caches keep an answer for less than a second.
const userTries = 3

// users asks for the same download as each further user: a cache that does not
// tell users apart shows here. Right before, the first user gets the file once
// more, with nothing else under way: the answer is then stored, and fresh.
var users = diag.Family{
	Name: "users",
	When: "the download works, and --as names further users; when all else is done, one request after the other",
	Last: true,
	Plan: func(v *diag.View) diag.Step {
		if !v.Delivered() {
			return diag.Step{}
		}
		for _, u := range v.Stack.As {
			for try := range userTries {
				turn := []diag.Step{
					{Probes: []diag.Probe{
						{ID: asUser(diag.Backend, u), Port: diag.Backend, Method: "GET", Role: diag.RoleMain, As: u.Name},
						{ID: beforeUser(u, try), Port: diag.Proxy, Method: "GET", Role: diag.RoleMain},
					}},
					{Probes: []diag.Probe{{ID: askUser(u, try), Port: diag.Proxy, Method: "GET", Role: diag.RoleMain, As: u.Name}}},
				}
				for _, step := range turn {
					for _, p := range step.Probes {
						if !v.Asked(p.ID) {
							return step
						}
					}
				}
				if !refusedTwice(v, u, try) {
					break
				}
			}
		}
		return diag.Step{}
	},
}

// refusedTwice says that both ports refuse a user, which a cache may have done
// by chance.
func refusedTwice(v *diag.View, u diag.As, try int) bool {
	b, p := v.Exchange(asUser(diag.Backend, u)), v.Exchange(askUser(u, try))
	return refuses(b) && p.Answered() && !p.Delivers()
}

// refuses says that the backend answers a user neither with the file nor with a
// handoff: an error, a page to log in, a redirect to one.
func refuses(b *diag.Exchange) bool {
	return b.Answered() && b.Status < 500 && len(b.Handoffs()) == 0 && !b.Delivers()
}

// asUser is the id of the probe by which a user asks on a port.
func asUser(port diag.Port, u diag.As) string { return string(port) + "-as-" + u.Name }

// askUser is the id of one of the tries by which a user asks the proxy.
func askUser(u diag.As, try int) string { return nth(asUser(diag.Proxy, u), try) }

// beforeUser is the id of the first user's probe right before.
func beforeUser(u diag.As, try int) string { return nth("proxy-before-"+u.Name, try) }

// nth is an id, with a number from the second time on.
func nth(id string, try int) string {
	if try == 0 {
		return id
	}
	return fmt.Sprintf("%s-%d", id, try+1)
}
