package diag

import (
	"fmt"
	"strings"
)

// Tri is a three-valued answer.
type Tri int

// The answers.
const (
	Undecided Tri = iota
	Yes
	No
)

// Reached says whether a request to the proxy reached the backend, and how
// that is known; where it is undecided the text names the evidence that would
// settle it. With the companion it is seen; with the user's own backend it is
// inferred from what of the backend's answers shows at the proxy.
func (v *View) Reached(id string) (Tri, string) {
	x := v.Exchange(id)
	if !x.Answered() {
		return Undecided, "the proxy did not answer"
	}
	if v.Stack.Companion {
		return v.seen(x)
	}
	return v.inferred(x)
}

func (v *View) seen(x *Exchange) (Tri, string) {
	switch {
	case len(x.Seen) > 0:
		return Yes, "the companion saw the request"
	case len(v.Record.Stray) > 0:
		return Undecided, "requests without their " + probeHeader + " field reached the companion: the proxy removes it"
	}
	return No, "the companion saw no request"
}

// evidence names what would decide where inference does not.
const evidence = "run with --companion in the application's place, or give --config or --error-log"

func (v *View) inferred(x *Exchange) (Tri, string) {
	b := v.Exchange(BackendGet)
	if !b.Answered() {
		return Undecided, "the backend's own port did not answer, so there is nothing to compare with"
	}
	if w := v.Way(x.Probe.ID); w.Reached == No {
		return No, w.Why
	}
	if x.Delivers() {
		if names := v.Unmarked(b, x); len(names) > 1 && v.missesItself() {
			return No, fmt.Sprintf("the file came without any field that the backend sends with it and the handoff keeps (%s), and for a missing file the proxy does not answer what the backend answers",
				strings.Join(names, ", "))
		}
		return Yes, "the stored file came back"
	}
	if SameAnswer(x, b) {
		return Yes, "the proxy answers what the backend answers"
	}
	if name := fingerprint(b, x); name != "" {
		return Yes, fmt.Sprintf("the backend's %s field shows in the proxy's answer", name)
	}
	bm, pm := v.Exchange(BackendMissing), v.Exchange(ProxyMissing)
	if bm.Answered() && pm.Answered() && !SameAnswer(x, pm) &&
		(SameAnswer(bm, pm) || fingerprint(bm, pm) != "") {
		return Yes, "for a missing file the proxy answers what the backend answers"
	}
	return Undecided, "the answers do not show whether the backend was asked; " + evidence
}

// SameAnswer says that two answers have the same status and the same body, and
// that the body is not empty: empty ones are too common to prove anything.
func SameAnswer(a, b *Exchange) bool {
	return a.Answered() && b.Answered() && a.Status == b.Status &&
		a.Body.Length > 0 && a.Body.SHA256 == b.Body.SHA256
}

// common are fields that a proxy sends of its own accord or that both sides
// are often configured to send: they are no sign of the backend.
var common = map[string]bool{
	"date": true, "server": true, "content-type": true, "content-length": true, "connection": true,
	"keep-alive": true, "transfer-encoding": true, "vary": true, "accept-ranges": true, "via": true,
	"location": true, "allow": true, "x-content-type-options": true, "x-frame-options": true,
	"x-xss-protection": true, "strict-transport-security": true, "referrer-policy": true,
	"content-security-policy": true, "permissions-policy": true,
}

// fingerprint is the name of a distinctive field that both answers carry with
// the same value, "" where there is none.
func fingerprint(backend, proxy *Exchange) string {
	for _, f := range backend.Header {
		if common[strings.ToLower(f.Name)] || f.Value == "" {
			continue
		}
		for _, value := range proxy.Header.Values(f.Name) {
			if value == f.Value {
				return f.Name
			}
		}
	}
	return ""
}
