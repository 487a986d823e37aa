package appserver

import (
	"context"
	"errors"
	"io"
	"net/http"
	"runtime/debug"
)

// handle makes a request of what came in and lets the handler answer it. It
// reports whether the answer was written.
func (s *Server) handle(ctx context.Context, c *conn, in *incoming) (ok bool) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, err := in.vars.request(c.RemoteAddr())
	w := newResponse(in, in.vars["REQUEST_METHOD"] == http.MethodHead)
	if err != nil {
		s.logf("%s request from %q: %v", s.Protocol, c.RemoteAddr(), err)
		http.Error(w, err.Error(), http.StatusBadRequest)
		return w.finish() == nil
	}
	ctx = context.WithValue(ctx, http.LocalAddrContextKey, c.LocalAddr())
	ctx = context.WithValue(ctx, varsKey{}, in.vars)
	r = r.WithContext(ctx)
	r.Body = http.NoBody
	if r.ContentLength > 0 {
		r.Body = io.NopCloser(&body{in: in.body, left: r.ContentLength})
	}
	defer func() {
		if p := recover(); p != nil {
			ok = false
			if err, is := p.(error); !is || !errors.Is(err, http.ErrAbortHandler) {
				s.logf("the handler of %q panicked: %v\n%s", r.RequestURI, p, debug.Stack())
			}
		}
	}()
	s.Handler.ServeHTTP(w, r)
	return w.finish() == nil
}
