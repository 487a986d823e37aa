package check

import (
	"net/url"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// errors asks for a file that is not there and for a download that the
// application refuses.
var errors = diag.Family{
	Name:    "errors",
	Profile: diag.Quick,
	When:    "both ports answered; a denied download needs --companion or --denied",
	Plan: func(v *diag.View) diag.Step {
		if !v.Exchange(diag.ProxyGet).Answered() || !v.Exchange(diag.BackendGet).Answered() {
			return diag.Step{}
		}
		var step diag.Step
		switch {
		case v.Stack.Missing != "":
			step.Probes = append(step.Probes, onBothPorts(v, diag.BackendMissing, diag.ProxyMissing, v.Stack.Missing)...)
		case v.Stack.Fixed == "":
			step.Put = append(step.Put, diag.Put{Role: diag.RoleMissing, Ext: ".bin", Absent: true})
			if v.Fixture(diag.RoleMissing) != nil {
				step.Probes = append(step.Probes,
					diag.Probe{ID: diag.BackendMissing, Port: diag.Backend, Method: "GET", Role: diag.RoleMissing},
					diag.Probe{ID: diag.ProxyMissing, Port: diag.Proxy, Method: "GET", Role: diag.RoleMissing})
			}
		}
		switch {
		case v.Stack.Denied != "":
			step.Probes = append(step.Probes, onBothPorts(v, diag.BackendDenied, diag.ProxyDenied, v.Stack.Denied)...)
		case v.Stack.Companion:
			step.Put = append(step.Put, diag.Put{Role: diag.RoleDenied, Ext: ".bin", Size: 4096, Denied: true})
			if v.Fixture(diag.RoleDenied).OK() {
				step.Probes = append(step.Probes,
					diag.Probe{ID: diag.BackendDenied, Port: diag.Backend, Method: "GET", Role: diag.RoleDenied},
					diag.Probe{ID: diag.ProxyDenied, Port: diag.Proxy, Method: "GET", Role: diag.RoleDenied})
			}
		}
		return step
	},
}

// onBothPorts asks for the path of a URL of the user's on either port. What lies
// below the download URL of one port lies below that of the other.
func onBothPorts(v *diag.View, backendID, proxyID, raw string) []diag.Probe {
	u, err := url.Parse(raw)
	if err != nil {
		return nil
	}
	b, p := v.Stack.Backend.Base(), v.Stack.Proxy.Base()
	onBackend, onProxy := u.RequestURI(), u.RequestURI()
	if origin := u.Scheme + "://" + u.Host; origin == v.Stack.Proxy.Origin() && origin != v.Stack.Backend.Origin() {
		onBackend = moved(onProxy, p, b)
	} else {
		onProxy = moved(onBackend, b, p)
	}
	return []diag.Probe{
		{ID: backendID, Port: diag.Backend, Method: "GET", Target: onBackend},
		{ID: proxyID, Port: diag.Proxy, Method: "GET", Target: onProxy},
	}
}

// moved is a target below one path, below another one.
func moved(target, from, to string) string {
	if rest, ok := strings.CutPrefix(target, from); ok {
		return to + rest
	}
	return target
}
