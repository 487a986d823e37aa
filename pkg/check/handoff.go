package check

import (
	"fmt"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// fault is a code with what is known about it in this run.
type fault struct {
	code, detail string
}

// backendFault judges the backend's own answer to the plain GET: the one code
// that fits why it is no good handoff, or the zero fault. Nothing is wrong
// with a handoff that delivers.
func backendFault(v *diag.View) fault {
	b := v.Exchange(diag.BackendGet)
	if b == nil || v.Fixture(diag.RoleMain) == nil || v.Delivered() {
		return fault{}
	}
	if !b.Answered() {
		if timedOut(b) {
			return fault{"backend-timeout", "The backend port did not answer: " + b.Failure.Message + "."}
		}
		return fault{"backend-unreachable", "The backend port cannot be asked: " + failure(b) + "."}
	}
	if b.Status == 429 {
		return fault{} // a limit is no fault, and says nothing of what comes without it
	}
	if b.Status >= 300 {
		return fault{"backend-error-status", errorStatus(v, b)}
	}
	if malformed(b) {
		return fault{"backend-unreachable", "The backend port does not speak HTTP as it should: " + b.Failure.Message + "."}
	}
	if len(b.Handoffs()) == 0 && timedOut(b) {
		return fault{"backend-timeout", fmt.Sprintf("The backend port answers %s, without a handoff. Body: %s.", answer(b), body(b))}
	}
	if len(b.Handoffs()) == 0 {
		if b.Delivers() {
			return fault{} // it streams the file itself, which is a fault of its own
		}
		return fault{"backend-no-handoff", fmt.Sprintf("The backend port answers %s, but with neither a handoff nor the file (body: %s).%s",
			status(b), body(b), thenFailed(b))}
	}
	d, how, known := v.Dialect()
	if !known {
		return fault{}
	}
	if !b.HandsOff(d) {
		h := b.Handoffs()[0]
		return fault{"backend-wrong-dialect", fmt.Sprintf("The backend hands off with %s, the proxy acts on %s (%s).", h.Name, d.Header, how)}
	}
	return valueFault(v, d, b.Header.Get(d.Header))
}

// thenFailed says what ended an answer before its end.
func thenFailed(x *diag.Exchange) string {
	if x.Failure == nil {
		return ""
	}
	return " Then: " + x.Failure.Message + "."
}

func errorStatus(v *diag.View, b *diag.Exchange) string {
	text := fmt.Sprintf("On its own port the backend answers %s for a file that is there.", status(b))
	switch location := b.Header.Get("Location"); {
	case toItself(b) != "":
		text += " It redirects to the URL that was asked for, for ever: behind a proxy this is often a scheme or a host that it does not see."
	case location != "":
		text += " It redirects to " + location + "."
	}
	switch {
	case b.Status == 404 && v.Stack.Fixed == "" && !v.Stack.Companion:
		if asked, err := url.Parse(b.Request.URL); err == nil {
			text += " It was asked for as " + asked.Path + ": where downloads have another path, --backend and --proxy have to name it."
		}
	case wantsLogin(b) && credentials(v.Stack) == "":
		text += " The download may need a login, and none was given."
	case wantsLogin(b):
		text += " The download may need a login; a login was given, by --header."
	}
	return text
}

// valueFault judges the value of the handoff field.
func valueFault(v *diag.View, d sendfile.Dialect, value string) fault {
	said := fmt.Sprintf("The backend sends %s: %s", d.Header, value)
	plain := value
	if p, err := url.PathUnescape(value); err == nil {
		plain = p
	}
	switch {
	case value == "":
		return fault{"backend-header-empty", "The backend sends " + d.Header + " with no value."}
	case strings.Trim(value, `"'; `) != value:
		return fault{"backend-header-junk", said + " — with characters around the value that the proxy takes for a part of the name."}
	case hasScheme(value):
		return fault{"backend-absolute-url", said + " — a whole URL."}
	case strings.Contains("/"+plain+"/", "/../"):
		return fault{"backend-dotdot", said + " — with a “..” segment."}
	case d.Form == sendfile.URI && strings.HasPrefix(value, "@"):
		return fault{} // a named location
	}
	f := v.Fixture(diag.RoleMain)
	spec, stated := v.Intent()
	meant := stated && v.Stack.SendfileFrom == "" && plain == spec.Prefix+f.Name // the prefix is called as the folder
	if d.Form == sendfile.URI && f.Path != "" && f.Path != "/"+f.Name && plain == f.Path && !meant {
		return fault{"backend-path-not-uri", said + " — the file's path on disk. The proxy looks for a location of that name."}
	}
	if !strings.HasPrefix(value, "/") {
		return fault{"backend-relative-path", said + " — without a slash at its beginning."}
	}
	if !stated {
		return fault{}
	}
	name, err := spec.Decode(value)
	if err == nil && (name == f.Name || plain == spec.Prefix+f.Name) {
		return fault{}
	}
	want, err := spec.Encode(f.Name)
	if err != nil {
		return fault{}
	}
	if d.Form == sendfile.Path && v.Stack.SendfileFrom != "" && value == f.Path {
		return fault{} // it names the very file: the configuration means another folder
	}
	if v.Stack.SendfileFrom != "" && strings.HasPrefix(plain, spec.Prefix) {
		return fault{} // which folder below the prefix is meant, nobody states
	}
	said += fmt.Sprintf("\nExpected by %s: %s", v.Stack.Intention(), want)
	if d.Form == sendfile.Path && looksLikeURI(v, spec, value) {
		return fault{"backend-uri-not-path", said + "\nThe value is no path of the storage: the proxy looks for it on the disk."}
	}
	return fault{"backend-wrong-prefix", said}
}

// hasScheme says that a value begins like https://: what stands behind the path
// may hold a URL of its own.
func hasScheme(value string) bool {
	scheme, _, found := strings.Cut(value, "://")
	return found && !strings.ContainsAny(scheme, "/?#")
}

// looksLikeURI says that a value where a file's path belongs is a URI: it is
// the download URL's path, it is escaped, or it has nothing in common with
// the folder that is meant, not even the first folder below the root, and does
// not begin like a path of every system either.
func looksLikeURI(v *diag.View, spec sendfile.Spec, value string) bool {
	f := v.Fixture(diag.RoleMain)
	if strings.HasPrefix(value, v.Stack.Backend.Base()) && v.Stack.Backend.Base() != "/" {
		return true
	}
	first := firstSegment(value)
	return first != firstSegment(spec.Prefix) && first != firstSegment(f.Path) && !slices.Contains(rootFolders, first)
}

// rootFolders are folders below the root that files may well lie in, and that
// no one calls a URI by (Filesystem Hierarchy Standard 3.0, section 3).
var rootFolders = []string{"etc", "home", "mnt", "opt", "root", "srv", "tmp", "usr", "var"}

func firstSegment(p string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(path.Clean(p), "/"), "/")
	return first
}

// backendRule is the judge function of a rule that backendFault decides.
func backendRule(code string) func(*diag.View) []diag.Finding {
	return func(v *diag.View) []diag.Finding {
		f := backendFault(v)
		if f.code != code {
			return nil
		}
		finding := diag.Finding{Detail: f.detail, Evidence: []diag.Evidence{said(v.Exchange(diag.BackendGet))}}
		if code == "backend-unreachable" || code == "backend-timeout" {
			finding.Fix = mend(v.Exchange(diag.BackendGet), "--backend")
		}
		if code == "backend-error-status" {
			finding.Fix = mendLogin(v, v.Exchange(diag.BackendGet))
		}
		if v.Exchange(diag.BackendGet).Answered() && v.Exchange(diag.ProxyGet) != nil {
			finding.Evidence = append(finding.Evidence, download(v))
		}
		return []diag.Finding{finding}
	}
}
