package health

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Handler answers with what a registry knows:
//
//	/healthz        all checks; ?check=A&skip=B chooses, ?fresh=1 checks first
//	/healthz/NAME   one of them
//	/livez          the process
//	/readyz         the critical checks
//	/ping           nothing but that somebody answers
//	/status         a page for people
//	/feed.atom      the last changes
//
// The format follows the Accept field, see [Handler.Renderers]. Under a prefix
// it is mounted with [http.StripPrefix].
type Handler struct {
	Registry *Registry
	Access   Access
	// Title names what is watched; empty: "health".
	Title string
	// FailStatus is the status of an answer that says that something is down; 0:
	// 503.
	FailStatus int
	// Renderers are the formats of answers; the first is for callers who do not
	// say which. nil: [Renderers].
	Renderers []Renderer
	// Page writes /status; the zero Renderer stands for the HTML of [Renderers].
	Page Renderer
	// Refresh is how often the page asks again; 0: 30 s.
	Refresh time.Duration
	// Ready, where not nil, says why the process is not ready to serve, whatever
	// the checks say.
	Ready func() error
	// FreshTimeout is how long ?fresh=1 waits for all checks together; 0:
	// DefaultTimeout.
	FreshTimeout time.Duration
	// More are further paths, for callers who may see details only.
	More map[string]http.Handler
}

const (
	textPlain = "text/plain; charset=utf-8"
	healthz   = "/healthz/"
)

// ServeHTTP implements [http.Handler].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	c := h.Access.Caller(r)
	more, isMore := h.More[r.URL.Path]
	known := isMore || slices.Contains([]string{"/healthz", "/livez", "/readyz", "/ping", "/status", "/feed.atom"}, r.URL.Path) ||
		strings.HasPrefix(r.URL.Path, healthz)
	switch {
	case !c.Admitted || !known:
		refuse(w, http.StatusNotFound, "not found")
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, "ask by GET or HEAD")
	case isMore && !c.Details:
		unauthorized(w)
	case isMore:
		more.ServeHTTP(w, r)
	default:
		h.answer(w, r, c)
	}
}

func (h *Handler) answer(w http.ResponseWriter, r *http.Request, c Caller) {
	switch r.URL.Path {
	case "/ping":
		write(w, http.StatusOK, textPlain, []byte("pong\n"))
	case "/livez":
		h.render(w, r, h.view(c, nil))
	case "/readyz":
		h.ready(w, r, c)
	case "/status":
		v := h.withChanges(h.view(c, h.Registry.Results()))
		if r.URL.Query().Get("refresh") != "0" {
			v.Refresh = cmp.Or(h.Refresh, 30*time.Second)
		}
		h.page(w, r, v)
	case "/feed.atom":
		h.feed(w, r, h.withChanges(h.view(c, h.Registry.Results())))
	default:
		h.checks(w, r, c)
	}
}

// ready answers whether the process can serve.
func (h *Handler) ready(w http.ResponseWriter, r *http.Request, c Caller) {
	results := slices.DeleteFunc(h.Registry.Results(), func(r Result) bool { return !r.Critical })
	v := h.view(c, results)
	if h.Ready != nil {
		if err := h.Ready(); err != nil {
			v.State, v.OK = Down, false
			if c.Details {
				v.Reason = err.Error()
			}
		}
	}
	h.render(w, r, v)
}

// checks answers for all checks or for those that are chosen.
func (h *Handler) checks(w http.ResponseWriter, r *http.Request, c Caller) {
	query := r.URL.Query()
	only, skip := names(query["check"]), names(query["skip"])
	if name, one := strings.CutPrefix(r.URL.Path, healthz); one {
		only = []string{name}
	}
	chosen, ok := choose(h.Registry.Results(), only, skip)
	switch {
	case !ok:
		refuse(w, http.StatusNotFound, "there is no such check")
		return
	case len(chosen) == 0 && len(only)+len(skip) > 0: // nothing would count as up
		refuse(w, http.StatusNotFound, "no check is left")
		return
	}
	if fresh := query.Get("fresh"); fresh != "" && fresh != "0" {
		if !c.Token {
			unauthorized(w)
			return
		}
		if !h.refreshed(w, r, chosen) {
			return
		}
		chosen, _ = choose(h.Registry.Results(), only, skip)
	}
	v := h.view(c, chosen)
	if strings.HasPrefix(r.URL.Path, healthz) {
		v.Base = "../"
	}
	h.render(w, r, v)
}

// refreshed checks anew what is chosen. What does not end in time stays as it
// was.
func (h *Handler) refreshed(w http.ResponseWriter, r *http.Request, chosen []Result) bool {
	var list []string
	for _, one := range chosen {
		list = append(list, one.Name)
	}
	if list == nil {
		return true
	}
	ctx, cancel := contextWithin(r, cmp.Or(h.FreshTimeout, DefaultTimeout))
	defer cancel()
	if err := h.Registry.Fresh(ctx, list...); errors.Is(err, ErrUnknownCheck) {
		refuse(w, http.StatusNotFound, "there is no such check")
		return false
	}
	return true
}

// choose takes results by name; ok is false where a name is that of none.
func choose(results []Result, only, skip []string) (chosen []Result, ok bool) {
	for _, name := range slices.Concat(only, skip) {
		if !slices.ContainsFunc(results, func(r Result) bool { return r.Name == name }) {
			return nil, false
		}
	}
	for _, r := range results {
		if (len(only) == 0 || slices.Contains(only, r.Name)) && !slices.Contains(skip, r.Name) {
			chosen = append(chosen, r)
		}
	}
	return chosen, true
}

// names are those of a parameter that may stand several times, and hold several
// with commas between.
func names(values []string) []string {
	var list []string
	for _, v := range values {
		for name := range strings.SplitSeq(v, ",") {
			if name != "" {
				list = append(list, name)
			}
		}
	}
	return list
}

// render writes a view in the format that the caller accepts.
func (h *Handler) render(w http.ResponseWriter, r *http.Request, v View) {
	renderers := h.Renderers
	if renderers == nil {
		renderers = Renderers()
	}
	h.renderIn(w, r, v, renderers)
}

func (h *Handler) renderIn(w http.ResponseWriter, r *http.Request, v View, renderers []Renderer) {
	w.Header().Set("Vary", "Accept")
	chosen, ok := negotiate(r, renderers)
	if !ok {
		var types []string
		for _, one := range renderers {
			types = append(types, one.Type)
		}
		refuse(w, http.StatusNotAcceptable, "the answer can be had as "+strings.Join(types, ", "))
		return
	}
	var b bytes.Buffer
	if err := chosen.Render(&b, v); err != nil {
		h.Registry.log().Error("an answer could not be written", "path", r.URL.Path, "type", chosen.Type, "error", err)
		refuse(w, http.StatusInternalServerError, "the answer could not be written; the log says why")
		return
	}
	status := http.StatusOK
	if !v.OK {
		status = cmp.Or(h.FailStatus, http.StatusServiceUnavailable)
	}
	write(w, status, chosen.contentType(), b.Bytes())
}

// page writes /status. Its status is that of a page which is there, so that
// browsers and proxies show it.
func (h *Handler) page(w http.ResponseWriter, r *http.Request, v View) {
	page := h.Page
	if page.Render == nil {
		page = HTML(PageOptions{})
	}
	inner := page.Render
	page.Render = func(w io.Writer, _ View) error { return inner(w, v) }
	h.renderIn(w, r, View{OK: true}, []Renderer{page})
}

func write(w http.ResponseWriter, status int, contentType string, body []byte) {
	w.Header().Set("Content-Type", contentType)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body) // the caller is gone
}

func refuse(w http.ResponseWriter, status int, why string) {
	write(w, status, textPlain, []byte(why+"\n"))
}

func unauthorized(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", `Bearer realm="health"`)
	refuse(w, http.StatusUnauthorized, "this is for callers with the token")
}
