package sendfile

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ProbeHeader is the request field whose value a [Handler] notes as
// Seen.Probe: it tells which probe a request that arrives belongs to.
const ProbeHeader = "X-Proxydiag-Probe"

// A File is what a [Handler] says about a file that it hands off.
type File struct {
	Size int64 // in bytes; goes into the default ETag
	// ModTime is sent as Last-Modified, unless it is zero. Choose another
	// than the stored file's, so that it can be told from the proxy's.
	ModTime     time.Time
	ETag        string // with its quotes; "" = one made from name, size and time
	ContentType string // "" = by the name's extension
}

// NginxExtras are the further response fields by which a backend steers
// nginx; the zero value sends none. (Documentation of
// ngx_http_proxy_module and ngx_http_uwsgi_module, "X-Accel-…".)
type NginxExtras struct {
	Buffering string // X-Accel-Buffering: "yes" or "no"
	Charset   string // X-Accel-Charset, e.g. "utf-8"
	Expires   string // X-Accel-Expires: seconds to cache, "0" = not at all, "@1700000000" = until then
	LimitRate int64  // X-Accel-Limit-Rate: bytes a second
}

// A Handler is the companion: a download server that stands in for an
// application. It hands off the files that were added and nothing else.
//
// GET, HEAD and POST of a file are answered with 200, an empty body, the handoff
// field, Content-Type, Content-Disposition, Cache-Control: private, and an
// ETag and Last-Modified of its own, whatever conditions or ranges the request
// has: those are the proxy's business. A denied name is answered with 403, an
// unknown one or another path with 404, a name that the dialect cannot express
// with 422, other methods with 405; none of these hands off.
//
// Set the fields before the first request. The methods are safe for
// concurrent use.
type Handler struct {
	Spec Spec
	// Base is where the downloads are, a path such as "/dl/" to which names
	// are appended, or a template such as "/files/{name}/raw" or
	// "/get?file={name}". "" means "/". Escapes in it and in the request are
	// decoded before they are compared. A query of the request is ignored
	// unless Base has one.
	Base   string
	Extras NginxExtras
	// Query, if not nil, returns the query that the handoff of a name gets, without
	// its question mark: what a storage wants that is asked by URL, such as a
	// signature. It is for dialects whose handoff is a URI.
	Query func(name string) string

	mu     sync.Mutex
	files  map[string]File
	denied map[string]bool
	pages  map[string][]byte
	log    seenLog
}

// Add makes the handler hand off name, which is relative to the storage's
// root, or changes what it says about it.
func (h *Handler) Add(name string, f File) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.files == nil {
		h.files = map[string]File{}
	}
	h.files[name] = f
}

// Deny makes the handler refuse name with 403.
func (h *Handler) Deny(name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.denied == nil {
		h.denied = map[string]bool{}
	}
	h.denied[name] = true
}

// Show makes the handler answer name with a page of its own, without a handoff:
// 200, text/html.
func (h *Handler) Show(name string, page []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.pages == nil {
		h.pages = map[string][]byte{}
	}
	h.pages[name] = page
}

// Seen returns the requests that reached the handler, the oldest first. Only
// the latest 10,000 are kept, and their texts up to 4 KiB each.
func (h *Handler) Seen() []Seen {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.log.entries()
}

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Server", "proxydiag-companion")
	if page, ok := h.page(r); ok {
		h.note(r, http.StatusOK)
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Content-Length", strconv.Itoa(len(page)))
		_, _ = w.Write(page) // to a client that has gone, nothing
		return
	}
	status := h.answer(w, r)
	// Noted before anything is sent: who has the answer finds the entry.
	h.note(r, status)
	w.WriteHeader(status)
	if status != http.StatusOK && r.Method != http.MethodHead {
		_, _ = fmt.Fprintf(w, "%d %s\n", status, http.StatusText(status)) // a client that has gone needs no text
	}
}

// page is the page that is shown for a request.
func (h *Handler) page(r *http.Request) ([]byte, bool) {
	name, ok := h.Name(r)
	h.mu.Lock()
	defer h.mu.Unlock()
	page, shown := h.pages[name]
	return page, ok && shown
}

// answer sets the fields of the answer and returns its status.
func (h *Handler) answer(w http.ResponseWriter, r *http.Request) int {
	header := w.Header()
	header.Set("Cache-Control", "private")
	name, ok := h.Name(r)
	f, known, denied := h.lookup(name)
	var value string
	var err error
	if known {
		value, err = h.value(name)
	}
	status := http.StatusOK
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost:
		header.Set("Allow", "GET, HEAD, POST")
		status = http.StatusMethodNotAllowed
	case ok && denied:
		status = http.StatusForbidden
	case !ok || !known:
		status = http.StatusNotFound
	case err != nil:
		status = http.StatusUnprocessableEntity
	}
	if status != http.StatusOK {
		header.Set("Content-Type", "text/plain; charset=utf-8")
		return status
	}

	header.Set(h.Spec.Dialect.Header, value)
	header.Set("Content-Type", f.ContentType)
	header.Set("Content-Disposition", ContentDisposition(name))
	header.Set("Etag", f.ETag)
	header.Set("Content-Length", "0")
	if !f.ModTime.IsZero() {
		header.Set("Last-Modified", f.ModTime.UTC().Format(http.TimeFormat))
	}
	h.Extras.set(header)
	return status
}

// value is the handoff of a name.
func (h *Handler) value(name string) (string, error) {
	value, err := h.Spec.Encode(name)
	if err != nil || h.Query == nil || h.Spec.Dialect.Form != URI {
		return value, err
	}
	if query := h.Query(name); query != "" {
		value += "?" + query
	}
	return value, nil
}

// lookup returns what is known about a name, with the defaults filled in.
func (h *Handler) lookup(name string) (f File, known, denied bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f, known = h.files[name]
	if f.ContentType == "" {
		f.ContentType = typeOf(name)
	}
	if f.ETag == "" {
		sum := fnv.New64a()
		fmt.Fprintf(sum, "%s\x00%d\x00%d", name, f.Size, f.ModTime.UnixNano())
		f.ETag = fmt.Sprintf(`"companion-%x"`, sum.Sum64())
	}
	return f, known, h.denied[name]
}

// Name returns the name that a request asks for, by Base. It says nothing about
// whether there is such a file.
func (h *Handler) Name(r *http.Request) (string, bool) {
	base := h.Base
	if base == "" {
		base = "/"
	}
	before, after, _ := strings.Cut(base, "{name}")
	target, query := requestPath(r), r.URL.RawQuery
	if strings.Contains(base, "?") {
		target += "?" + query
	}
	var err [3]error
	target, err[0] = url.PathUnescape(target)
	before, err[1] = url.PathUnescape(before)
	after, err[2] = url.PathUnescape(after)
	if err != [3]error{} || len(target) < len(before)+len(after) ||
		!strings.HasPrefix(target, before) || !strings.HasSuffix(target, after) {
		return "", false
	}
	return target[len(before) : len(target)-len(after)], true
}

// requestPath returns the path of a request, escaped as it was received.
func requestPath(r *http.Request) string {
	if strings.HasPrefix(r.RequestURI, "/") {
		p, _, _ := strings.Cut(r.RequestURI, "?")
		return p
	}
	return r.URL.EscapedPath()
}

// set writes the extras that are not zero.
func (x NginxExtras) set(header http.Header) {
	for name, value := range map[string]string{
		"X-Accel-Buffering": x.Buffering,
		"X-Accel-Charset":   x.Charset,
		"X-Accel-Expires":   x.Expires,
	} {
		if value != "" {
			header.Set(name, value)
		}
	}
	if x.LimitRate != 0 {
		header.Set("X-Accel-Limit-Rate", strconv.FormatInt(x.LimitRate, 10))
	}
}
