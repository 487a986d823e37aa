// Package compare sends single HTTP requests, keeps what came back on the
// wire's own terms, and explains how two answers differ.
//
// [Client.Capture] sends one request over a connection of its own and returns
// an [Exchange]: status line, header fields in their order with their case and
// their duplicates, interim responses, trailers, what the body was compared
// with the expected content, timings, TLS facts, or a typed [Failure]. It
// decodes, follows, retries and pools nothing and ignores HTTP_PROXY and its
// kin. Whatever the peer sends, memory and time stay bounded.
//
// [Diff] compares what a backend answered with what a proxy made of it, against
// what a correct proxy would have made of it, and gives every difference a
// [Verdict] and a sentence of meaning.
package compare

import (
	"encoding/json"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// Field is one header or trailer field line as it stood on the wire: the name
// with its case, the value without the white space around it.
type Field struct {
	Name  string
	Value string
}

// fieldJSON is Field's JSON form. Raw is there only for a value that is not
// valid UTF-8, which a JSON string cannot hold.
type fieldJSON struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Raw   []byte `json:"raw,omitempty"`
}

// MarshalJSON writes {"name":…,"value":…}. A value that is not valid UTF-8 is
// written as if it were ISO 8859-1, to be read by people, and its bytes are
// added in base64 as "raw", so that nothing is lost.
func (f Field) MarshalJSON() ([]byte, error) {
	j := fieldJSON{Name: f.Name, Value: f.Value}
	if !utf8.ValidString(f.Value) {
		j.Raw = []byte(f.Value)
		j.Value = latin1(f.Value)
	}
	return json.Marshal(j)
}

// UnmarshalJSON reads what MarshalJSON wrote; "raw" wins over "value".
func (f *Field) UnmarshalJSON(data []byte) error {
	var j fieldJSON
	if err := json.Unmarshal(data, &j); err != nil {
		return err
	}
	f.Name, f.Value = j.Name, j.Value
	if j.Raw != nil {
		f.Value = string(j.Raw)
	}
	return nil
}

// latin1 reads each byte of s as one ISO 8859-1 character.
func latin1(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(rune(s[i]))
	}
	return b.String()
}

// Header is a list of field lines in the order of the wire, duplicates included.
type Header []Field

// Get returns the value of the first field called name, whatever its case, or "".
func (h Header) Get(name string) string {
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			return f.Value
		}
	}
	return ""
}

// Values returns the values of all fields called name, whatever their case, in
// the order of the wire; nil if there is none.
func (h Header) Values(name string) []string {
	var values []string
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			values = append(values, f.Value)
		}
	}
	return values
}

// Has reports whether there is a field called name, whatever its case.
func (h Header) Has(name string) bool {
	for _, f := range h {
		if strings.EqualFold(f.Name, name) {
			return true
		}
	}
	return false
}

// Content is what a body is expected to be: Size() bytes that can be read at
// any offset. ReadAt may be called from one goroutine at a time.
type Content interface {
	io.ReaderAt
	Size() int64
}

// Matcher is a Content that compares by itself, faster than by reading it.
type Matcher interface {
	Content
	// FirstDiff returns the index in p of the first byte that is not the one
	// at that place of the content, of which p begins at off; -1 where all are.
	// Bytes after the content's end differ.
	FirstDiff(p []byte, off int64) int
}

// Request is one request to send. It has no body.
type Request struct {
	Method string  // "" is GET
	URL    string  // absolute, http or https; user:password@ in it is sent as Basic credentials
	Host   string  // the Host field (:authority); "" is the URL's. TLS always asks for the URL's host
	Header Header  // more fields; over HTTP/1 names keep their case, and their order is by name
	Expect Content // what the body should be; nil: it is not compared
	// Keep keeps the body, up to 8 MiB of it, in Body.Kept.
	Keep bool
	// Digest asks for Body.SHA256 however long the body is.
	Digest bool
	// MaxBody is how many bytes of the body are read at most. 0 is
	// Expect.Size() + 64 KiB, or 1 MiB without Expect.
	MaxBody int64
	// Patient is for a body that takes long: Options.Timeout ends with the
	// header, and from then on 64 KiB have to come within each Options.Idle.
	Patient bool
	// Progress, where not nil, is called after each piece of the body with the
	// bytes received so far and those to come in all, -1 where that is not known.
	Progress func(received, expected int64)
}

// Exchange is one request as it was sent and what came back. It round-trips
// through JSON. A failed exchange keeps everything that arrived before the
// failure: a body that breaks off has status, header, body and Failure.
type Exchange struct {
	Request    Sent     `json:"request"`
	Proto      string   `json:"proto,omitempty"`       // "HTTP/1.1", "HTTP/1.0" or "HTTP/2"
	StatusLine string   `json:"status_line,omitempty"` // as received; HTTP/2 has none: "HTTP/2 200"
	Status     int      `json:"status,omitempty"`      // of the final response; 0: none came
	Header     Header   `json:"header,omitempty"`
	HeaderSize int      `json:"header_size,omitempty"` // bytes of status line and header as received; HTTP/2: 0
	Trailer    Header   `json:"trailer,omitempty"`
	Interim    []int    `json:"interim,omitempty"` // 1xx statuses before the final one, in order
	Body       Body     `json:"body"`
	Timing     Timing   `json:"timing"`
	Remote     string   `json:"remote,omitempty"` // address:port the connection went to
	TLS        *TLS     `json:"tls,omitempty"`    // also when the certificate was refused
	Failure    *Failure `json:"failure,omitempty"`
	// Retries says how often the request had been sent before, for callers that
	// retry; Capture itself never does.
	Retries int `json:"retries,omitempty"`
}

// Sent is a request as it left: over HTTP/1 Header is read back from the bytes
// that were written (so it has Host and User-Agent), over HTTP/2 it is what
// was encoded, without the pseudo-fields. If nothing was sent it holds what
// would have been: method, URL and host.
type Sent struct {
	Method string `json:"method"`
	URL    string `json:"url"` // with the request target as sent, without credentials and fragment
	Host   string `json:"host"`
	Header Header `json:"header,omitempty"`
}

// Match says how a received body compares with the expected content.
type Match string

// The values of Match. Responses that cannot have a body (to HEAD; 1xx, 204,
// 304) are not compared.
const (
	NotCompared Match = ""        // nothing was expected, or there can be no body
	Equal       Match = "equal"   // exactly the expected bytes
	Prefix      Match = "prefix"  // shorter, what is there is right
	Longer      Match = "longer"  // all expected bytes, then more
	Differs     Match = "differs" // at least one byte is wrong
	Empty       Match = "empty"   // no byte came where some were expected
)

// Body is what is known of a response's body; the bytes themselves are kept
// only where the request asks for it.
type Body struct {
	Length   int64 `json:"length"`   // bytes received, transfer coding removed, content coding not
	Declared int64 `json:"declared"` // Content-Length, also of a response to HEAD; -1 absent or not one number
	Match    Match `json:"match,omitempty"`
	// FirstDiff is the offset of the first byte that should not be as it is:
	// the first wrong one (differs) or the first surplus one (longer); otherwise -1.
	FirstDiff  int64  `json:"first_diff"`
	Sample     []byte `json:"sample,omitempty"`      // the first 512 bytes
	DiffSample []byte `json:"diff_sample,omitempty"` // up to 64 bytes from FirstDiff
	// SHA256 is the hexadecimal digest of the body as received, of bodies up
	// to 1 MiB; "" for longer ones, where it would cost throughput and
	// Request.Digest does not ask for it.
	SHA256 string `json:"sha256,omitempty"`
	// Kept is the body as received, where Request.Keep asked for it; it is no
	// part of the JSON.
	Kept []byte `json:"-"`
}

// Timing is how long each part of an exchange took, in milliseconds; 0 where
// the part did not happen.
type Timing struct {
	DNS       float64 `json:"dns,omitempty"`
	Connect   float64 `json:"connect,omitempty"`
	TLS       float64 `json:"tls,omitempty"`
	FirstByte float64 `json:"first_byte,omitempty"` // from the request's last byte to the answer's first
	Total     float64 `json:"total"`
}

// TLS is what the handshake showed.
type TLS struct {
	Version    string    `json:"version,omitempty"` // "TLS 1.3"
	Cipher     string    `json:"cipher,omitempty"`
	ALPN       string    `json:"alpn,omitempty"`        // "h2", "http/1.1" or ""
	ServerName string    `json:"server_name,omitempty"` // whom the certificate must be for
	Subject    string    `json:"subject,omitempty"`     // of the server's own certificate, as are the next four
	Issuer     string    `json:"issuer,omitempty"`
	DNSNames   []string  `json:"dns_names,omitempty"` // host names and IP addresses
	NotBefore  time.Time `json:"not_before,omitzero"`
	NotAfter   time.Time `json:"not_after,omitzero"`
}
