package sendfile_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// media makes a folder with one file in it.
func media() string {
	dir, err := os.MkdirTemp("", "media")
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "50% off.txt"), []byte("the file\n"), 0o644); err != nil {
		log.Fatal(err)
	}
	return dir
}

// A file server behind nginx, which has
//
//	location /protected/ { internal; alias /srv/media/; }
func ExampleMiddleware() {
	folder := media() // "/srv/media"
	defer os.RemoveAll(folder)

	// Off unless the deployment says what stands in front.
	var m sendfile.Middleware
	if kind := "nginx"; kind != "" { // os.Getenv("SENDFILE")
		d, err := sendfile.Lookup(kind, "")
		if err != nil {
			log.Fatal(err)
		}
		m = sendfile.Middleware{Dialect: d, Folders: map[string]string{folder: "/protected/"}}
	}
	application := m.Wrap(http.FileServer(http.Dir(folder)))

	w := httptest.NewRecorder()
	application.ServeHTTP(w, httptest.NewRequest("GET", "/50%25%20off.txt", nil))
	fmt.Println(w.Code, w.Header().Get("X-Accel-Redirect"), w.Body.Len())
	// Output: 200 /protected/50%25%20off.txt 0
}

// Observe shows what is not handed off, and counts it.
func ExampleMiddleware_observe() {
	folder := media()
	defer os.RemoveAll(folder)
	d, err := sendfile.Lookup("apache", "")
	if err != nil {
		log.Fatal(err)
	}
	m := sendfile.Middleware{
		Dialect: d,
		Folders: map[string]string{"/srv/uploads": "/srv/uploads/"}, // not where the file is
		Observe: func(_ *http.Request, s sendfile.Served) {
			fmt.Println(filepath.Base(s.Path), "streamed:", s.Err)
		},
	}
	application := m.Wrap(http.FileServer(http.Dir(folder)))

	w := httptest.NewRecorder()
	application.ServeHTTP(w, httptest.NewRequest("GET", "/50%25%20off.txt", nil))
	fmt.Print(w.Code, " ", w.Body)
	// Output:
	// 50% off.txt streamed: in no mapped folder
	// 200 the file
}

// An os.Root keeps the files that can be opened below a folder, and FS lets
// them tell their paths.
func ExampleFS() {
	folder := media()
	defer os.RemoveAll(folder)
	root, err := os.OpenRoot(folder)
	if err != nil {
		log.Fatal(err)
	}
	defer root.Close()
	d, err := sendfile.Lookup("nginx", "")
	if err != nil {
		log.Fatal(err)
	}
	m := sendfile.Middleware{Dialect: d, Folders: map[string]string{folder: "/protected/"}}
	application := m.Wrap(http.FileServer(sendfile.FS(root.FS())))

	w := httptest.NewRecorder()
	application.ServeHTTP(w, httptest.NewRequest("HEAD", "/50%25%20off.txt", nil))
	fmt.Println(w.Code, w.Header().Get("X-Accel-Redirect"))
	// Output: 200 /protected/50%25%20off.txt
}
