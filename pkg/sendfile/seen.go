package sendfile

import (
	"net/http"
	"strings"
	"time"
)

// Seen is a request that reached a [Handler], and what was answered.
type Seen struct {
	Probe     string              `json:"probe,omitempty"` // the value of ProbeHeader
	Method    string              `json:"method"`
	Path      string              `json:"path"` // escaped as it was received, without the query
	Query     string              `json:"query,omitempty"`
	Host      string              `json:"host"`
	Forwarded map[string][]string `json:"forwarded,omitempty"` // X-Forwarded-*, Forwarded, X-Real-Ip and Via, if any
	Time      time.Time           `json:"time"`
	Status    int                 `json:"status"`
}

const (
	maxSeen = 10_000
	maxText = 4 << 10
)

// seenLog keeps the latest maxSeen entries. Its owner locks.
type seenLog struct {
	ring []Seen
	next int // where the next entry goes once the ring is full
}

func (l *seenLog) add(s Seen) {
	if len(l.ring) < maxSeen {
		l.ring = append(l.ring, s)
		return
	}
	l.ring[l.next] = s
	l.next = (l.next + 1) % maxSeen
}

// entries returns a copy, the oldest first.
func (l *seenLog) entries() []Seen {
	return append(append([]Seen(nil), l.ring[l.next:]...), l.ring[:l.next]...)
}

// note adds a request to the log.
func (h *Handler) note(r *http.Request, status int) {
	s := Seen{
		Probe:  clip(r.Header.Get(ProbeHeader)),
		Method: clip(r.Method),
		Path:   clip(requestPath(r)),
		Query:  clip(r.URL.RawQuery),
		Host:   clip(r.Host),
		Time:   time.Now(),
		Status: status,
	}
	left := maxText
	for name, values := range r.Header {
		if !strings.HasPrefix(name, "X-Forwarded-") && name != "Forwarded" && name != "X-Real-Ip" && name != "Via" {
			continue
		}
		if s.Forwarded == nil {
			s.Forwarded = http.Header{}
		}
		for _, v := range values {
			if left -= len(name) + len(v); left < 0 {
				break
			}
			s.Forwarded[name] = append(s.Forwarded[name], v)
		}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.log.add(s)
}

// clip shortens what a client sent to what the log has room for, in a copy of
// its own.
func clip(s string) string {
	return strings.Clone(s[:min(len(s), maxText)])
}
