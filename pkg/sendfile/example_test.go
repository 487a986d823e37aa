package sendfile_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"

	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// An application that hands off, a proxy that sends the file.
func Example() {
	storage, err := os.MkdirTemp("", "storage")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(storage)
	if err := os.WriteFile(filepath.Join(storage, "100% é.txt"), []byte("the file\n"), 0o644); err != nil {
		log.Fatal(err)
	}
	spec, err := sendfile.ParseSpec("nginx:/protected/", "")
	if err != nil {
		log.Fatal(err)
	}

	application := &sendfile.Handler{Spec: spec, Base: "/dl/"}
	application.Add("100% é.txt", sendfile.File{Size: 9})
	backend := httptest.NewServer(application)
	defer backend.Close()
	address, err := url.Parse(backend.URL)
	if err != nil {
		log.Fatal(err)
	}
	proxy := httptest.NewServer(&sendfile.Proxy{Backend: address, Dialect: spec.Dialect, Prefix: spec.Prefix, Root: storage})
	defer proxy.Close()

	for _, server := range []string{backend.URL, proxy.URL} {
		res, err := http.Get(server + "/dl/100%25%20%C3%A9.txt")
		if err != nil {
			log.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			log.Fatal(err)
		}
		res.Body.Close()
		fmt.Printf("%d, handoff %q, body %q\n", res.StatusCode, res.Header.Get("X-Accel-Redirect"), body)
	}
	// Output:
	// 200, handoff "/protected/100%25%20%C3%A9.txt", body ""
	// 200, handoff "", body "the file\n"
}

// Names are written as the server reads them.
func ExampleDialect_Encode() {
	for _, d := range sendfile.Dialects() {
		value, err := d.Encode("/protected/", "50% off?.pdf")
		fmt.Println(d.Name, value, err)
	}
	// Output:
	// nginx /protected/50%25%20off%3F.pdf <nil>
	// apache /protected/50% off?.pdf <nil>
	// lighttpd /protected/50%25%20off%3F.pdf <nil>
	// caddy  file name "50% off?.pdf": not expressible in X-Accel-Redirect for caddy: the path ends at '?', and escapes are not decoded
	// litespeed /protected/50%25%20off%3F.pdf <nil>
}
