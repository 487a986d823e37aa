package health

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/http"
	"time"
)

// The elements of an Atom feed (RFC 4287).
type atomFeed struct {
	XMLName xml.Name    `xml:"http://www.w3.org/2005/Atom feed"`
	Title   string      `xml:"title"`
	ID      string      `xml:"id"`
	Updated string      `xml:"updated"`
	Author  string      `xml:"author>name"`
	Link    atomLink    `xml:"link"`
	Entries []atomEntry `xml:"entry"`
}

type atomLink struct {
	Rel  string `xml:"rel,attr"`
	Href string `xml:"href,attr"`
}

type atomEntry struct {
	Title   string `xml:"title"`
	ID      string `xml:"id"`
	Updated string `xml:"updated"`
	Summary string `xml:"summary,omitempty"`
}

// feed writes the last changes.
func (h *Handler) feed(w http.ResponseWriter, r *http.Request, v View) {
	f := atomFeed{Title: v.Title + ": changes", ID: urn(v.Title), Author: "proxydiag", Link: atomLink{Rel: "self", Href: r.URL.Path}}
	updated := time.Unix(0, 0)
	for _, c := range v.Changes {
		if c.Time.After(updated) {
			updated = c.Time
		}
		f.Entries = append(f.Entries, atomEntry{
			Title: fmt.Sprintf("%s is %s (was %s)", c.Name, c.To, c.From), Summary: oneLine(c.Message),
			ID: urn(v.Title, c.Kind, c.Name, c.Time.UTC().Format(time.RFC3339Nano)), Updated: c.Time.UTC().Format(time.RFC3339),
		})
	}
	f.Updated = updated.UTC().Format(time.RFC3339)
	var b bytes.Buffer
	b.WriteString(xml.Header)
	if err := xml.NewEncoder(&b).Encode(f); err != nil {
		refuse(w, http.StatusInternalServerError, "the feed could not be written")
		return
	}
	write(w, http.StatusOK, "application/atom+xml; charset=utf-8", b.Bytes())
}

// urn is an identifier that is the same for the same parts (RFC 4122's form).
func urn(parts ...string) string {
	sum := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(sum, "%d:%s", len(p), p)
	}
	x := hex.EncodeToString(sum.Sum(nil))
	return fmt.Sprintf("urn:uuid:%s-%s-8%s-8%s-%s", x[:8], x[8:12], x[13:16], x[17:20], x[20:32])
}
