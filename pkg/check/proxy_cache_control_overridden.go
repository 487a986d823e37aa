package check

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var proxyCacheControlOverridden = diag.Rule{
	Doc: diag.Doc{
		Code: "proxy-cache-control-overridden", Part: diag.PartProxy, Severity: diag.Warning,
		Title: "A private download, or an error, is made cacheable",
		Text: "The backend says that the answer is private or must not be stored, or it refuses the download; what " +
			"the client gets allows shared caches to keep it.",
		Fix: "Do not set Cache-Control or Expires in the location that sends the files, nor on errors; the " +
			"backend's value survives the handoff.",
		Before: "backend: Cache-Control: private      client: Cache-Control: public, max-age=31536000",
		After:  "backend and client: Cache-Control: private",
		Source: "RFC 9111 section 5.2",
	},
	Check:    checkHeaders,
	Explains: []string{"proxy-header-*"},
	Judge:    judgeCacheControl,
}

func judgeCacheControl(v *diag.View) []diag.Finding {
	b, p := v.Exchange(diag.BackendGet), v.Exchange(diag.ProxyGet)
	if !v.Delivered() || !attests(b) {
		return nil
	}
	sent, got := directives(b), directives(p)
	switch {
	case !restricts(sent), restricts(got) && !slices.Contains(got, "public"):
	case len(got) == 0 && !p.Header.Has("Expires"): // lost, not overridden: a heuristic cache is another matter
	default:
		return []diag.Finding{madeCacheable(b, p, "The backend says %s; the client gets %s.")}
	}
	return errorsMadeCacheable(v)
}

// errorsMadeCacheable is the finding about an error that caches may keep though
// the backend does not say so: who may download a file tomorrow is refused by a
// cache today. What is kept of a missing file is worth knowing only, where the
// backend says nothing: some sites mean it.
func errorsMadeCacheable(v *diag.View) []diag.Finding {
	for _, c := range []struct{ what, backend, proxy string }{
		{"a refused download", diag.BackendDenied, diag.ProxyDenied},
		{"a missing file", diag.BackendMissing, diag.ProxyMissing},
	} {
		b, p := v.Exchange(c.backend), v.Exchange(c.proxy)
		if !b.Answered() || !p.Answered() || p.Status < 400 || p.Status >= 500 || !cacheable(p) || cacheable(b) {
			continue
		}
		f := madeCacheable(b, p, "For "+c.what+" the backend says %s; the client gets "+status(p)+" with %s: caches may keep the error.")
		f.Check = checkErrors
		if c.proxy == diag.ProxyMissing && !restricts(directives(b)) {
			f.Severity = diag.Info
		}
		return []diag.Finding{f}
	}
	return nil
}

// madeCacheable is the finding about two answers that say different things
// about caching; format tells what the backend and the client get.
func madeCacheable(b, p *diag.Exchange, format string) diag.Finding {
	says := func(x *diag.Exchange) string {
		switch list := directives(x); {
		case len(list) > 0:
			return "Cache-Control: " + strings.Join(list, ", ")
		case x.Header.Has("Expires"):
			return "Expires: " + x.Header.Get("Expires")
		}
		return "nothing about caching"
	}
	return diag.Finding{
		Detail: fmt.Sprintf(format, says(b), says(p)),
		Evidence: []diag.Evidence{{Kind: diag.EvidenceDiff, Text: "caching on both ports", Probe: p.Probe.ID, Rows: []diag.Row{
			{Field: "Cache-Control", Backend: strings.Join(b.Header.Values("Cache-Control"), "\n"),
				Proxy: strings.Join(p.Header.Values("Cache-Control"), "\n"), Expected: "the backend's"},
			{Field: "Expires", Backend: b.Header.Get("Expires"), Proxy: p.Header.Get("Expires"), Expected: "the backend's"},
		}}},
	}
}

// cacheable says that an answer tells shared caches for how long they may keep
// it (RFC 9111 section 4.2.1).
func cacheable(x *diag.Exchange) bool {
	list := directives(x)
	if restricts(list) && !slices.Contains(list, "public") {
		return false
	}
	for _, d := range list {
		if name, age, _ := strings.Cut(d, "="); (name == "max-age" || name == "s-maxage") && strings.Trim(age, `"0`) != "" {
			return true
		}
	}
	expires, err := http.ParseTime(x.Header.Get("Expires"))
	date, err2 := http.ParseTime(x.Header.Get("Date"))
	return err == nil && err2 == nil && expires.After(date)
}

// directives are the Cache-Control directives of an answer, in lower case.
func directives(x *diag.Exchange) []string { return members(x.Header.Values("Cache-Control")) }

// restricts says that shared caches may not keep the answer (RFC 9111
// sections 5.2.2.4, 5.2.2.5 and 5.2.2.7).
func restricts(directives []string) bool {
	for _, d := range directives {
		name, _, _ := strings.Cut(d, "=")
		if name == "private" || name == "no-store" || name == "no-cache" {
			return true
		}
	}
	return false
}
