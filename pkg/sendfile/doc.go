// Package sendfile is about the handoff between an application and the proxy
// in front of it: the application authorises a download and answers with an
// empty body and a header field that tells the proxy which file to send.
//
//	X-Accel-Redirect: /protected/a.pdf     nginx, Caddy: a URI of the proxy
//	X-Sendfile: /srv/media/a.pdf           Apache, lighttpd: a file's path
//
// A [Dialect] is one kind of handoff, as data: the header field, what its
// value names ([Form]) and how it is escaped ([Coding]). [Dialect.Encode] and
// [Dialect.Decode] translate between file names and header values, and refuse
// what the server could not read. [Dialect.Expect] is the oracle: what a
// correct server makes of the backend's response, field by field. Its facts
// were recorded from real servers.
//
// [Middleware] makes any Go handler that serves files hand them off. [Handler]
// is a small application that does nothing else (the companion of a diagnosis),
// [Proxy] a small proxy that carries handoffs out.
//
// The package uses the standard library only.
package sendfile
