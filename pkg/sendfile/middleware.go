package sendfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// ErrUnmapped means that the file lies in none of the folders of a [Middleware].
var ErrUnmapped = errors.New("in no mapped folder")

// A Middleware turns a handler that serves files into one that hands them off
// to the proxy in front of it: [http.FileServer], [http.ServeFile],
// [http.ServeContent] with an [os.File], or any handler that declares a
// Content-Length and copies an os.File into the response with [io.Copy]. The
// handler stays as it is, decides who may have what, and runs without a proxy
// too. The zero Middleware is off: Wrap returns the handler itself.
//
// The handler's answer is a handoff where it is to GET or HEAD, has status 200
// (or 206: the range is then the proxy's business), and is one whole file
// below one of Folders. It then has status 200, no body, Content-Length: 0, and
// the handler's other fields, Accept-Ranges and Content-Range excepted. For
// servers whose handoff names a path and that keep the backend's ETag, one is
// made of time and size where the handler sets none. Answers without a file (pages,
// errors, redirects, 304, 416) pass unchanged. So do files below no folder,
// names that the dialect cannot express, compressed files with a
// Content-Encoding, and files that do not tell their path (see [FS]): they are
// streamed, with ranges and all, and reported to Observe.
//
// For the handler's eyes HEAD becomes GET, since only a body tells which file
// is meant, and what the client says about validators and ranges that only the
// proxy can judge is taken out (If-Match, and Range where it names several).
//
// # Security
//
// What is handed off, where, and in which dialect is decided by these fields
// alone. Some middlewares take them from the request: Rack::Sendfile reads
// X-Sendfile-Type and X-Accel-Mapping, which the proxy is meant to set and any
// client can send; Symfony does so after BinaryFileResponse::trustXSendfileTypeHeader. With a forged mapping a client makes the application name any
// internal URI of the proxy, and reads what only the application should
// (CVE-2025-61780, mended in Rack 2.2.20, 3.1.18 and 3.2.3). This one never
// looks at those fields, and removes them from what the handler sees.
//
// A backend that hands off must not be reachable other than through its proxy:
// asked directly it tells internal paths instead of sending files.
type Middleware struct {
	// Dialect is the proxy's; see [Lookup]. The zero value switches off.
	Dialect Dialect
	// Folders says what the folders of the storage are called in the handoff,
	// as the prefix of [Dialect.Encode]: {"/srv/media": "/protected/"}. Of several
	// folders that hold a file the longest path counts. Folders are compared as
	// text; a relative one is taken from the working directory. A prefix that no
	// handoff can have shows in Observe, as every file that is streamed.
	Folders map[string]string
	// Observe is told of each file that is served; it may be called by several
	// goroutines at once. nil: what is streamed is logged with [slog.Warn].
	Observe func(*http.Request, Served)
}

// Served is one file that a handler behind a [Middleware] served.
type Served struct {
	Path    string // of the file, as the handler opened it; "" if that cannot be known
	Handoff string // the value of the handoff field; "" if the file was streamed
	Err     error  // why it was streamed, nil if it was handed off
}

// Wrap returns next with its files handed off.
func (m Middleware) Wrap(next http.Handler) http.Handler {
	if m.Dialect == (Dialect{}) {
		return next
	}
	if m.Observe == nil {
		m.Observe = warn
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		h := &handoffWriter{ResponseWriter: w, middleware: &m, request: r}
		next.ServeHTTP(h, forHandler(r))
		h.release() // an answer without a body
	})
}

// warn is the Observe of a Middleware that has none.
func warn(r *http.Request, s Served) {
	if s.Err != nil {
		slog.WarnContext(r.Context(), "sendfile: a file was streamed, not handed off", "file", s.Path, "reason", s.Err)
	}
}

// forHandler is the request as the handler sees it.
func forHandler(r *http.Request) *http.Request {
	out := r.Clone(r.Context())
	for _, name := range []string{"X-Sendfile-Type", "X-Accel-Mapping", "If-Match"} {
		out.Header.Del(name)
	}
	if r.Method == http.MethodHead || strings.Contains(r.Header.Get("Range"), ",") {
		out.Header.Del("Range")
		out.Header.Del("If-Range")
	}
	out.Method = http.MethodGet
	return out
}

// handoff returns the value that hands off the file at a path.
func (m *Middleware) handoff(path string) (string, error) {
	best, name := -1, ""
	var prefix string
	for folder, p := range m.Folders {
		root, err := filepath.Abs(folder)
		if err != nil {
			return "", err
		}
		rel, err := filepath.Rel(root, path)
		if err == nil && filepath.IsLocal(rel) && rel != "." && len(root) > best {
			best, name, prefix = len(root), filepath.ToSlash(rel), p
		}
	}
	if best < 0 {
		return "", ErrUnmapped
	}
	return m.Dialect.Encode(prefix, name)
}

// namedFile is what is needed of an [os.File].
type namedFile interface {
	io.ReadSeeker
	Name() string
	Stat() (fs.FileInfo, error)
}

// place is the absolute path of an open file, and what is known about it. The
// error says why the path would not lead another process to this file.
func place(f namedFile) (string, fs.FileInfo, error) {
	path, err := filepath.Abs(f.Name())
	if err != nil {
		return f.Name(), nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return path, nil, err
	}
	there, err := os.Stat(path)
	switch {
	case err != nil:
		return path, info, err
	case !info.Mode().IsRegular():
		return path, info, errors.New("not a regular file")
	case !os.SameFile(info, there):
		return path, info, fmt.Errorf("%s is not the file that the handler opened", path)
	}
	return path, info, nil
}

// FS is [http.FS] for a file system that opens files of the operating system,
// such as [os.DirFS] and [os.Root.FS]: its files tell their paths, which those of
// http.FS and [http.FileServerFS] hide, so that a [Middleware] can hand them off.
func FS(fsys fs.FS) http.FileSystem { return plainFS{http.FS(fsys), fsys} }

type plainFS struct {
	http.FileSystem
	fsys fs.FS
}

// Open implements [http.FileSystem].
func (p plainFS) Open(name string) (http.File, error) {
	if f, err := p.fsys.Open(strings.TrimPrefix(name, "/")); err == nil {
		if file, ok := f.(*os.File); ok {
			return file, nil
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
	}
	return p.FileSystem.Open(name) // whose errors are those that net/http knows
}
