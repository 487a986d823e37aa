package appserver

import (
	"net"
	"testing"
)

func TestRequest(t *testing.T) {
	remote := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 9), Port: 99}
	for _, tt := range []struct {
		name                 string
		vars                 vars
		method, target, path string
		host, remote         string
	}{
		{"nothing", vars{}, "GET", "/", "/", "", "127.0.0.9:99"},
		{"all", vars{"REQUEST_METHOD": "HEAD", "REQUEST_URI": "/a%20b?c", "SCRIPT_NAME": "/x", "PATH_INFO": "/y", "HTTP_HOST": "h:1", "REMOTE_ADDR": "::1", "REMOTE_PORT": "7"},
			"HEAD", "/a%20b?c", "/a b", "h:1", "[::1]:7"},
		{"script and path", vars{"SCRIPT_NAME": "/app", "PATH_INFO": "/100% ä?#/b", "QUERY_STRING": "c=%20"}, "GET", "/app/100%25%20%C3%A4%3F%23/b?c=%20", "/app/100% ä?#/b", "", ""},
		{"path alone", vars{"PATH_INFO": "/dl/a;b+c"}, "GET", "/dl/a;b+c", "/dl/a;b+c", "", ""},
		{"script alone", vars{"SCRIPT_NAME": "/index.php", "DOCUMENT_URI": "/index.php/x"}, "GET", "/index.php", "/index.php", "", ""},
		{"the same in both", vars{"SCRIPT_NAME": "/dl/a", "PATH_INFO": "/dl/a"}, "GET", "/dl/a", "/dl/a", "", ""},
		{"document alone", vars{"DOCUMENT_URI": "/dl/a b"}, "GET", "/dl/a%20b", "/dl/a b", "", ""},
		{"file below the root", vars{"SCRIPT_FILENAME": "/srv/app/dl.php", "DOCUMENT_ROOT": "/srv/app/"}, "GET", "/dl.php", "/dl.php", "", ""},
		{"file alone", vars{"SCRIPT_FILENAME": "/srv/app/dl.php", "QUERY_STRING": "f=a"}, "GET", "/?f=a", "/", "", ""},
		{"no slash", vars{"PATH_INFO": "dl/a"}, "GET", "/dl/a", "/dl/a", "", ""},
		{"two slashes", vars{"REQUEST_URI": "//dl/a"}, "GET", "//dl/a", "//dl/a", "", ""},
		{"a whole URL", vars{"REQUEST_URI": "http://other.test/dl", "HTTP_HOST": "h"}, "GET", "http://other.test/dl", "/dl", "other.test", ""},
		{"a body without a method", vars{"CONTENT_LENGTH": "3"}, "POST", "/", "/", "", ""},
		{"server's name", vars{"SERVER_NAME": "s", "SERVER_PORT": "443"}, "GET", "/", "/", "s", ""},
		{"server's name and port", vars{"SERVER_NAME": "s", "SERVER_PORT": "8080", "SERVER_PROTOCOL": "HTTP/3"}, "GET", "/", "/", "s:8080", ""},
		{"bytes as they are", vars{"REQUEST_URI": "/ä b"}, "GET", "/ä b", "/ä b", "", ""},
		{"a name that is none", vars{"HTTP_": "x", "HTTP_A B": "y\r\n", "REQUEST_METHOD": "G E"}, "G E", "/", "/", "", ""},
		{"fields of the connection", vars{"HTTP_HOsT": "x", "HTTP_TRANSFER_ENCODING": "chunked"}, "GET", "/", "/", "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, err := tt.vars.request(remote)
			if err != nil {
				t.Fatal(err)
			}
			if tt.remote == "" {
				tt.remote = "127.0.0.9:99"
			}
			if r.Header.Get("Host") != "" || r.Header.Get("Transfer-Encoding") != "" {
				t.Errorf("fields of the connection: %v", r.Header)
			}
			if r.Method != tt.method || r.RequestURI != tt.target || r.URL.Path != tt.path || r.Host != tt.host || r.RemoteAddr != tt.remote {
				t.Errorf("%s %s %s of %q for %s", r.Method, r.RequestURI, r.URL.Path, r.Host, r.RemoteAddr)
			}
		})
	}
}

func TestHTTPS(t *testing.T) {
	r, err := vars{"HTTPS": "on"}.request(&net.UnixAddr{})
	if err != nil || r.TLS == nil {
		t.Error(r, err)
	}
}
