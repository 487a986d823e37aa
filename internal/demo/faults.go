package demo

import (
	"net/http"
	"slices"

	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// Fault is something to break in the embedded stack.
type Fault struct {
	// Code is the finding that it leads to.
	Code string
	// What says in one sentence what is broken.
	What string

	inject func(*setup)
}

// Faults are all faults, in the order in which a download meets the parts.
func Faults() []Fault {
	return slices.Concat(storageFaults(), backendFaults(), valueFaults(), proxyFaults(), deliveryFaults(), fileFaults(), nameFaults(), handoffFaults())
}

// Lookup finds the fault of a code.
func Lookup(code string) (Fault, bool) {
	list := Faults()
	i := slices.IndexFunc(list, func(f Fault) bool { return f.Code == code })
	if i < 0 {
		return Fault{}, false
	}
	return list[i], true
}

// inFront is a fault in what the proxy does.
func inFront(m middleware) func(*setup) {
	return func(s *setup) { s.front = m }
}

// inBackend is a fault in what the backend answers.
func inBackend(m middleware) func(*setup) {
	return func(s *setup) { s.backend = m }
}

// value is a fault in the value of the handoff.
func value(change func(s *setup, value string) string) func(*setup) {
	return func(s *setup) {
		s.backend = alterFiles(func(a *answer) {
			name := s.spec.Dialect.Header
			a.header.Set(name, change(s, a.header.Get(name)))
		})
	}
}

// byPath makes the stack hand off by paths in the file system, in a dialect
// that reads the value as coding says.
func (s *setup) byPath(coding sendfile.Coding) {
	for _, d := range sendfile.Dialects() {
		if d.Form == sendfile.Path && d.Coding == coding {
			s.speak(sendfile.Spec{Dialect: d, Prefix: s.storage + "/"})
			return
		}
	}
}

// otherHandoff is a handoff field of another dialect than that of the stack.
func (s *setup) otherHandoff() string {
	for _, d := range sendfile.Dialects() {
		if d.Header != s.spec.Dialect.Header {
			return d.Header
		}
	}
	return ""
}

// fileOf is the path of the file that an answer of the backend hands off.
func (s *setup) fileOf(a *answer) string {
	name, _ := s.spec.Decode(a.header.Get(s.spec.Dialect.Header)) // the companion writes what can be read
	return s.storage + "/" + name
}

// refuse answers with a status and a page.
func refuse(status int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, http.StatusText(status), status)
	}
}
