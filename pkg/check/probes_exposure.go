package check

import (
	"fmt"
	"path"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// exposure asks the proxy port for the internal URI itself, as a stranger would
// who has seen or guessed it: as it is, and in spellings that a rule may miss.
var exposure = diag.Family{
	Name:    "exposure",
	Profile: diag.Quick,
	When:    "the backend named an internal URI; the user's own backend is asked for the same where the file comes",
	Plan: func(v *diag.View) diag.Step {
		var step diag.Step
		for _, s := range internalSpellings(v) {
			step.Probes = append(step.Probes, s.probes(v)...)
		}
		return step
	},
}

// traversal asks for the file by way of a prefix without its slash: a location
// /p mapped to /d/ opens /d/../d/name for /p../d/name. Nothing is written
// outside the storage for it.
var traversal = diag.Family{
	Name:    "traversal",
	Profile: diag.Quick,
	When:    "the storage is a folder; the user's own backend is asked for the same where the file comes",
	Plan: func(v *diag.View) diag.Step {
		var step diag.Step
		for _, t := range traversals(v) {
			step.Probes = append(step.Probes, t.probes(v)...)
		}
		return step
	},
}

// spelling is a request target with the id of the probe that asks for it.
type spelling struct{ id, target string }

// probes ask the proxy for it, and the user's own backend where the file comes:
// some applications hand off for any path.
func (s spelling) probes(v *diag.View) []diag.Probe {
	list := []diag.Probe{{ID: s.id, Port: diag.Proxy, Method: "GET", Target: s.target}}
	if !v.Stack.Companion && v.Exchange(s.id).Delivers() && v.Exchange(diag.BackendGet).Answered() {
		list = append(list, diag.Probe{ID: OnBackend(s.id), Port: diag.Backend, Method: "GET", Target: s.target})
	}
	return list
}

// internalSpellings are the internal URI and what may be taken for it.
func internalSpellings(v *diag.View) []spelling {
	uri := internalURI(v)
	if uri == "" || !v.Exchange(diag.ProxyGet).Answered() {
		return nil
	}
	list := []spelling{{diag.ProxyInternal, uri}}
	first, rest, ok := strings.Cut(uri[1:], "/")
	if !ok || first == "" {
		return list
	}
	list = append(list,
		spelling{diag.ProxyInternal + "-slashes", "//" + first + "//" + rest},
		spelling{diag.ProxyInternal + "-escaped", fmt.Sprintf("/%%%02x%s/%s", first[0], first[1:], rest)})
	if other := strings.ToUpper(first); other != first {
		list = append(list, spelling{diag.ProxyInternal + "-case", "/" + other + "/" + rest})
	}
	return list
}

// traversals are the targets that reach the file through a missing slash.
func traversals(v *diag.View) []spelling {
	f := v.Fixture(diag.RoleMain)
	if f == nil || f.Path == "" || !v.Exchange(diag.ProxyGet).Answered() {
		return nil
	}
	folder := path.Base(strings.TrimSuffix(f.Path, "/"+f.Name))
	below := "../" + diag.EscapePath(folder) + "/" + diag.EscapePath(f.Name)
	var list []spelling
	if spec, ok := v.Spec(); ok && spec.Dialect.Form == sendfile.URI && spec.Prefix != "/" {
		list = append(list, spelling{"proxy-traversal-internal", strings.TrimSuffix(diag.EscapePath(spec.Prefix), "/") + below})
	}
	if base := v.Stack.Direct.Base(); v.Stack.Direct != "" && base != "/" {
		list = append(list, spelling{"proxy-traversal-direct", strings.TrimSuffix(base, "/") + below})
	}
	return list
}

// internalURI is the URI that the backend hands off to, "" where the handoff
// names a file or no URI of the proxy, or where it is the download URL itself.
func internalURI(v *diag.View) string {
	d, _, ok := v.Dialect()
	b := v.Exchange(diag.BackendGet)
	if !ok || d.Form != sendfile.URI || !b.HandsOff(d) || v.Exchange(diag.ProxyGet) == nil {
		return ""
	}
	value := b.Header.Get(d.Header)
	if !strings.HasPrefix(value, "/") || strings.HasPrefix(value, "//") || unescape(value) == decoded(v.Exchange(diag.ProxyGet).Request.URL) {
		return ""
	}
	if strings.Contains(value, "/../") {
		return ""
	}
	return requestTarget(value)
}

// requestTarget escapes what a backend may write into a handoff and what cannot
// stand in a request target (RFC 9112 section 3.2); escapes stay as they are.
func requestTarget(uri string) string {
	var b strings.Builder
	for i := range len(uri) {
		if c := uri[i]; c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>\\^`{|}#", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
