package sendfile

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"
)

// A Proxy is a reference proxy: it carries out handoffs as a correct server of
// its dialect does, and makes of the backend's fields what [Dialect.Expect]
// says. It is for demonstrations and tests, not for production: there are no
// caches, no limits, and one connection to the backend for each request.
//
// Files are opened below Root only, whatever the handoff says and wherever
// symbolic links point ([os.Root]); ranges and conditions are those of
// [http.ServeContent]. Where the dialect's handoff names a URI, a client that
// asks for a URI below Prefix itself gets 404. A backend that cannot be reached
// gives 502. Where there is no file the answer has the status that the
// dialect's server gives: 404, or 403 if the file may not be read (Apache: 404)
// or, for lighttpd, is outside the root or no regular file.
//
// The backend is asked with the client's Host, and X-Forwarded-For, -Host and
// -Proto. The fields must not change after the first request.
type Proxy struct {
	Backend *url.URL // scheme, host and port; a path in it goes before the request's
	Dialect Dialect
	Prefix  string // what Root is called in the handoff, as for Dialect.Encode
	Root    string // the storage: a local folder
}

// handedOff is the backend's response that tells the proxy to send a file. It
// is an error so that it takes the reverse proxy's way out before the body.
type handedOff struct{ response *http.Response }

func (handedOff) Error() string { return "handed off" }

// ServeHTTP implements [http.Handler].
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if p.Dialect.Form == URI {
		if root, err := cleanPrefix(p.Prefix); err == nil && root != "/" && strings.HasPrefix(r.URL.Path, root) {
			page(w, http.StatusNotFound, "not for clients")
			return
		}
	}
	transport := &http.Transport{ // no proxy from the environment, nothing kept open, nothing decompressed
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		ResponseHeaderTimeout: time.Minute,
		DisableKeepAlives:     true,
		DisableCompression:    true,
	}
	reverse := &httputil.ReverseProxy{
		Transport: transport,
		Rewrite: func(pr *httputil.ProxyRequest) {
			pr.SetURL(p.Backend)
			pr.Out.Host = pr.In.Host
			pr.Out.URL.RawQuery = pr.In.URL.RawQuery
			pr.SetXForwarded()
		},
		ModifyResponse: p.inspect,
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			var h handedOff
			if errors.As(err, &h) {
				p.send(w, r, h.response)
				return
			}
			if !errors.Is(err, context.Canceled) {
				page(w, http.StatusBadGateway, "the backend cannot be reached")
			}
		},
	}
	reverse.ServeHTTP(w, r)
}

// inspect looks at the backend's response: a handoff that the dialect acts on
// becomes an error, other responses pass without what is to be dropped.
func (p *Proxy) inspect(res *http.Response) error {
	handoff := res.Header.Get(p.Dialect.Header) != ""
	if out, _ := p.Dialect.outcome(res.StatusCode, handoff, 0); out == sent {
		return handedOff{res}
	}
	p.prune(res.Header, passed)
	return nil
}

// prune removes the fields that do not survive.
func (p *Proxy) prune(header http.Header, out outcome) {
	rules, rest := p.Dialect.fates(out, header)
	for name := range header {
		r, named := rules[name]
		if !named {
			r = rest
		}
		if r.fate == Drop || r.fate == Own || r.fate == MayOwn && out != passed {
			header.Del(name)
		}
	}
}

// send carries out a handoff: r is the client's request.
func (p *Proxy) send(w http.ResponseWriter, r *http.Request, res *http.Response) {
	f, info, err := p.open(res.Header.Get(p.Dialect.Header))
	if err != nil {
		p.fail(w, res, err)
		return
	}
	defer f.Close() // opened for reading: nothing to lose

	_, status := p.Dialect.outcome(res.StatusCode, true, info.Size())
	header := w.Header()
	kept := res.Header.Clone()
	p.prune(kept, sent)
	for name, values := range kept {
		header[name] = values
	}
	if header.Get("Content-Type") == "" {
		header.Set("Content-Type", typeOf(info.Name()))
	}
	if header.Get("Etag") == "" {
		header.Set("Etag", etag(info))
	}
	modTime := info.ModTime()
	if t, err := http.ParseTime(header.Get("Last-Modified")); err == nil {
		modTime = t
	}
	if status == http.StatusNoContent || status == http.StatusNotModified {
		header.Set("Last-Modified", modTime.UTC().Format(http.TimeFormat))
		w.WriteHeader(status)
		return
	}
	if header.Get("Content-Encoding") != "" && r.Header.Get("Range") == "" { // ServeContent leaves the length out
		header.Set("Content-Length", strconv.FormatInt(info.Size(), 10))
	}
	http.ServeContent(&statusWriter{w, status}, r, info.Name(), modTime, f)
}

// open opens the regular file that a handoff names.
func (p *Proxy) open(value string) (*os.File, fs.FileInfo, error) {
	name, err := p.Dialect.Decode(p.Prefix, value)
	if err != nil {
		return nil, nil, err
	}
	root, err := os.OpenRoot(p.Root)
	if err != nil {
		return nil, nil, err
	}
	defer root.Close() // only read from
	info, err := root.Stat(name)
	if err == nil && !info.Mode().IsRegular() { // before the opening, which would wait for a pipe
		err = errors.New("not a regular file")
	}
	if err != nil {
		return nil, nil, err
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, nil, err
	}
	if info, err = f.Stat(); err != nil {
		f.Close() // the first error says more
		return nil, nil, err
	}
	return f, info, nil
}

// fail answers a handoff of a file that cannot be sent.
func (p *Proxy) fail(w http.ResponseWriter, res *http.Response, err error) {
	status := http.StatusNotFound
	switch p.Dialect.Name {
	case "apache":
	case "lighttpd":
		if res.StatusCode >= 300 { // an error stays the backend's
			p.prune(res.Header, passed)
			for name, values := range res.Header {
				w.Header()[name] = values
			}
			w.Header().Del("Content-Length")
			w.WriteHeader(res.StatusCode)
			return
		}
		if !errors.Is(err, fs.ErrNotExist) {
			status = http.StatusForbidden
		}
	default:
		if errors.Is(err, fs.ErrPermission) {
			status = http.StatusForbidden
		}
	}
	page(w, status, "the file cannot be sent")
}

// page writes the proxy's own answer.
func page(w http.ResponseWriter, status int, why string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "%d %s: %s\n", status, http.StatusText(status), why) // a client that has gone needs no text
}

// statusWriter sends another status than 200 with a whole file.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements [http.ResponseWriter].
func (w *statusWriter) WriteHeader(status int) {
	if status == http.StatusOK {
		status = w.status
	}
	w.ResponseWriter.WriteHeader(status)
}
