package sendfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
)

// handoffWriter holds the header of a response back until its body tells
// whether it is a file. [http.ServeContent] and [io.Copy] bring a file by
// ReadFrom, as they do for a server that uses sendfile(2).
type handoffWriter struct {
	http.ResponseWriter
	middleware *Middleware
	request    *http.Request // the client's

	status   int  // of the held header; 0: none was written
	released bool // the header went out
	handed   bool // the file was handed off: nothing more goes out
}

// Unwrap is for [http.ResponseController].
func (w *handoffWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader implements [http.ResponseWriter].
func (w *handoffWriter) WriteHeader(status int) {
	switch {
	case w.handed:
	case w.released, status < 200 && status != http.StatusSwitchingProtocols:
		w.ResponseWriter.WriteHeader(status)
	case w.status == 0:
		w.status = status
		if status != http.StatusOK && status != http.StatusPartialContent {
			w.release()
		}
	}
}

// release sends the held header, if there is one.
func (w *handoffWriter) release() {
	if w.released || w.handed {
		return
	}
	w.released = true
	if w.status != 0 {
		w.ResponseWriter.WriteHeader(w.status)
	}
}

// Write implements [http.ResponseWriter]: bytes are no file.
func (w *handoffWriter) Write(p []byte) (int, error) {
	if w.handed {
		return len(p), nil
	}
	w.release()
	return w.ResponseWriter.Write(p)
}

// Flush implements [http.Flusher].
func (w *handoffWriter) Flush() { _ = w.FlushError() }

// FlushError is Flush for [http.ResponseController].
func (w *handoffWriter) FlushError() error {
	w.release()
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// ReadFrom implements [io.ReaderFrom]: here the handler shows its file.
func (w *handoffWriter) ReadFrom(src io.Reader) (int64, error) {
	if w.handed {
		return 0, nil
	}
	if w.status == 0 {
		w.status = http.StatusOK
	}
	body, limit := src, int64(-1)
	if l, ok := src.(*io.LimitedReader); ok {
		body, limit = l.R, l.N
	}
	if file, ok := body.(interface{ Stat() (fs.FileInfo, error) }); ok && !w.released {
		if n, ok := w.offer(file, limit); ok {
			return n, nil
		}
	}
	w.release()
	if w.request.Method == http.MethodHead {
		return 0, nil // nobody reads it
	}
	return io.Copy(w.ResponseWriter, src)
}

// offer hands a file off if that can be done, and reports it either way. It
// returns how many bytes the handler would have sent.
func (w *handoffWriter) offer(file any, limit int64) (int64, bool) {
	f, ok := file.(namedFile)
	if !ok {
		w.middleware.Observe(w.request, Served{Err: errors.New("the handler's file does not tell its path: use FS in the place of http.FS")})
		return 0, false
	}
	path, info, err := place(f)
	var length int64
	if err == nil {
		length, err = w.whole(f, info, limit)
	}
	var value string
	if err == nil {
		value, err = w.middleware.handoff(path)
	}
	w.middleware.Observe(w.request, Served{Path: path, Handoff: value, Err: err})
	if err != nil {
		return 0, false
	}
	w.handed = true
	h := w.Header()
	if w.middleware.Dialect.Form == Path && h.Get("Etag") == "" {
		h.Set("Etag", etag(info))
	}
	h.Del("Accept-Ranges")
	h.Del("Content-Range")
	h.Set("Content-Length", "0")
	h.Set(w.middleware.Dialect.Header, value)
	w.ResponseWriter.WriteHeader(http.StatusOK)
	return length, true
}

// etag is a validator made of a file's time and size.
func etag(info fs.FileInfo) string {
	return fmt.Sprintf(`"%x-%x"`, info.ModTime().UnixNano(), info.Size())
}

// whole returns how many bytes of a file the handler is about to send, and an
// error where the response is not the whole file, nor the range of it that the
// client asked for: then the file cannot take the response's place.
func (w *handoffWriter) whole(f io.Seeker, info fs.FileInfo, limit int64) (int64, error) {
	h, size := w.Header(), info.Size()
	if coding := h.Get("Content-Encoding"); coding != "" {
		return 0, fmt.Errorf("it is sent with Content-Encoding: %s, which a proxy does not keep with a handoff", coding)
	}
	off, err := f.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, err
	}
	length := size - off
	if limit >= 0 {
		length = limit
	}
	declared := fmt.Sprintf("Content-Length: %s", h.Get("Content-Length"))
	want := fmt.Sprintf("Content-Length: %d", size)
	if w.status == http.StatusPartialContent {
		declared += ", Content-Range: " + h.Get("Content-Range")
		want = fmt.Sprintf("Content-Length: %d, Content-Range: bytes %d-%d/%d", length, off, off+length-1, size)
	}
	if w.status == http.StatusOK && (off != 0 || length != size) || declared != want {
		return 0, fmt.Errorf("the response is not the whole file of %d bytes: %d bytes from offset %d, with %s", size, length, off, declared)
	}
	return length, nil
}
