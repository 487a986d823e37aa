package objects

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// Query is what became of a presigned query on its way.
type Query string

// What may become of it.
const (
	NoQuery Query = ""        // no signature arrived
	Intact  Query = "intact"  // byte for byte one that Presign made
	Reorder Query = "reorder" // other order or escapes: S3 takes it
	Changed Query = "changed" // a part is missing, new or different
	Foreign Query = "foreign" // a signature that Presign did not make
)

// Request is a request that reached a [Store], and what was answered. Texts are
// kept up to 4 KiB each. Line and Target have the query as it arrived; what is
// not ours in there may be a secret of the client.
type Request struct {
	Time   time.Time `json:"time"`
	Probe  string    `json:"probe,omitempty"` // the value of sendfile.ProbeHeader
	Line   string    `json:"line"`            // the request line as it arrived, without its end
	Method string    `json:"method"`          // this and what follows is empty where the line is none
	Target string    `json:"target"`
	Host   string    `json:"host"`
	Key    string    `json:"key,omitempty"` // of the object, where there is such a bucket
	Range  string    `json:"range,omitempty"`
	// Authorization and Cookie say that the client's fields arrived.
	Authorization bool   `json:"authorization,omitempty"`
	Cookie        bool   `json:"cookie,omitempty"`
	Query         Query  `json:"query,omitempty"`
	Status        int    `json:"status"`
	Code          string `json:"code,omitempty"` // of the refusal: SignatureDoesNotMatch, …
}

const (
	maxRequests = 10_000
	maxText     = 4 << 10
)

// requestLog keeps the latest requests. Its owner locks.
type requestLog struct {
	ring []Request
	next int
}

// Requests returns the requests that reached the store, the oldest first. Only the
// latest 10,000 are kept.
func (s *Store) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Concat(s.log.ring[s.log.next:], s.log.ring[:s.log.next])
}

func (s *Store) note(r Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.log.ring) < maxRequests {
		s.log.ring = append(s.log.ring, r)
		return
	}
	s.log.ring[s.log.next] = r
	s.log.next = (s.log.next + 1) % maxRequests
}

// noteOf begins the note of a request.
func noteOf(r *http.Request) Request {
	line := r.Method + " " + r.RequestURI + " " + r.Proto
	if w, ok := r.Context().Value(wireKey{}).(*wire); ok {
		if exact, ok := w.take(); ok {
			line = exact
		}
	}
	return Request{
		Time: time.Now(), Probe: clip(r.Header.Get(sendfile.ProbeHeader)), Line: clip(line),
		Method: clip(r.Method), Target: clip(r.RequestURI), Host: clip(r.Host), Range: clip(r.Header.Get("Range")),
		Authorization: r.Header.Get("Authorization") != "", Cookie: r.Header.Get("Cookie") != "",
	}
}

// clip shortens what a client sent to what a note has room for, in a copy of its own.
func clip(s string) string { return strings.Clone(s[:min(len(s), maxText)]) }

// arrived compares a query with the one that Presign made.
func (s *Store) arrived(raw string) Query {
	q, err := url.ParseQuery(raw)
	signature := q.Get(paramSignature)
	s.mu.Lock()
	issued, ours := s.issued[signature]
	s.mu.Unlock()
	switch {
	case raw == issued && ours:
		return Intact
	case ours:
		was, _ := url.ParseQuery(issued) // it was made so
		if err == nil && canonicalQuery(was) == canonicalQuery(q) {
			return Reorder
		}
		return Changed
	case signature == "" && !strings.Contains(raw, "X-Amz-"):
		return NoQuery
	case strings.Contains(raw, s.credential()):
		return Changed // the signature is among what is lost or different
	}
	return Foreign
}

// credential is what the queries of Presign have in them.
func (s *Store) credential() string {
	access, _ := s.keys()
	return escape(access, "")
}

// noted notes a request before its answer is sent: who has the answer finds the
// note.
type noted struct {
	http.ResponseWriter
	note *Request
	log  *Store
	done bool
}

// WriteHeader implements [http.ResponseWriter].
func (n *noted) WriteHeader(status int) {
	if !n.done && status >= 200 {
		n.done, n.note.Status = true, status
		n.log.note(*n.note)
	}
	n.ResponseWriter.WriteHeader(status)
}

// Unwrap lets [http.ResponseController] find the writer.
func (n *noted) Unwrap() http.ResponseWriter { return n.ResponseWriter }
