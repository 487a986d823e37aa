package sendfile

import (
	"net/http"
	"testing"
)

func TestErrorPage(t *testing.T) {
	const (
		nginx = "<html>\r\n<head><title>403 Forbidden</title></head>\r\n<body>\r\n<center><h1>403 Forbidden</h1></center>\r\n" +
			"<hr><center>nginx/1.22.1</center>\r\n</body>\r\n</html>\r\n"
		apache = "<!DOCTYPE HTML PUBLIC \"-//IETF//DTD HTML 2.0//EN\">\n<html><head>\n<title>403 Forbidden</title>\n</head><body>\n" +
			"<h1>Forbidden</h1>\n<p>You don't have permission to access this resource.</p>\n</body></html>\n"
		lighttpd = "<?xml version=\"1.0\" encoding=\"iso-8859-1\"?>\n<!DOCTYPE html PUBLIC \"-//W3C//DTD XHTML 1.0 Transitional//EN\"\n" +
			"         \"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd\">\n<html xmlns=\"http://www.w3.org/1999/xhtml\" xml:lang=\"en\" lang=\"en\">\n" +
			" <head>\n  <title>403 Forbidden</title>\n </head>\n <body>\n  <h1>403 Forbidden</h1>\n </body>\n</html>\n"
	)
	for _, c := range []struct {
		name   string
		status int
		header http.Header
		body   string
		want   string
	}{
		{"nginx", 403, nil, nginx, "nginx"},
		{"nginx, another status than its page's", 404, nil, nginx, ""},
		{"apache", 403, nil, apache, "apache"},
		{"lighttpd", 403, nil, lighttpd, "lighttpd"},
		{"caddy", 403, http.Header{"Server": {"Caddy"}}, "", "caddy"},
		{"an application's empty answer through caddy", 403, http.Header{"Server": {"Caddy", "gunicorn"}}, "", ""},
		{"an application's empty page through caddy", 403, http.Header{"Server": {"Caddy"}, "Content-Type": {"text/html"}}, "", ""},
		{"empty", 403, http.Header{"Server": {"nginx"}}, "", ""},
		{"an application's", 403, nil, "<!doctype html><title>403 Forbidden</title>", ""},
		{"a page of the site's", 404, nil, "<html>\n<head><title>404 Not Found</title></head><body>Sorry</body></html>", ""},
		{"no error", 200, nil, "<html>\r\n<head><title>200 OK</title></head>\r\n<body><hr><center>", ""},
	} {
		if got := ErrorPage(c.status, c.header, []byte(c.body)); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
