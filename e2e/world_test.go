package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/gate/objects"
)

const page = "<!doctype html><title>Welcome</title><p>Welcome to our pages."

// world makes what cases can name beside the addresses and folders of the
// samples, and returns a function that puts the real ones in:
//
//	127.0.0.1:8001   nothing listens
//	127.0.0.1:8002   accepts connections and never answers
//	127.0.0.1:8003   keeps the same files: /whole/NAME sends one, /cut/NAME breaks off half way,
//	                 /signed/NAME is an object store that wants a signed URL
//	app.internal:8000  the backend by a name that only a resolver knows (see resolver)
//	/srv/pages       a folder with index.html alone
//	/srv/link        a symbolic link to the storage
//	/srv/tls         cert.pem (for 127.0.0.1, signed by itself) and key.pem
//	/run/scratch     a folder for sockets and caches
func world(t testing.TB, storage, backend string) func(text string) string {
	t.Helper()
	dir := filepath.Dir(storage)
	for _, name := range []string{"pages", "tls", "scratch"} {
		folder(t, filepath.Join(dir, name))
	}
	if err := os.Chmod(filepath.Join(dir, "scratch"), 0o777); err != nil {
		t.Fatal(err)
	}
	certificate(t, filepath.Join(dir, "tls"))
	write(t, filepath.Join(dir, "pages", "index.html"), page)
	if err := os.Symlink(storage, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	silent := listen(t)
	files := httptest.NewServer(filesOf(storage))
	t.Cleanup(files.Close)
	write(t, filepath.Join(dir, "objects"), files.Listener.Addr().String())
	// A port of 127.0.0.2 is not in the way of anybody: all others are on 127.0.0.1.
	_, port, _ := net.SplitHostPort(silent.Addr().String())
	pairs := []string{"app.internal:8000", "app.internal:" + backend[strings.LastIndexByte(backend, ':')+1:]}
	for _, p := range [][2]string{
		{"127.0.0.1:8001", net.JoinHostPort("127.0.0.2", port)}, {"127.0.0.1:8002", silent.Addr().String()}, {"127.0.0.1:8003", files.Listener.Addr().String()},
	} {
		pairs = append(pairs, p[0], p[1], apart(t, p[0]), apart(t, p[1]))
	}
	return strings.NewReplacer(append(pairs,
		"/srv/pages", filepath.Join(dir, "pages"),
		"/srv/link", filepath.Join(dir, "link"),
		"/srv/tls", filepath.Join(dir, "tls"),
		"/run/scratch", filepath.Join(dir, "scratch"),
	)...).Replace
}

// apart is an address as lighttpd's backends are written.
func apart(t testing.TB, addr string) string {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	return host + `", "port" => ` + port
}

func listen(t testing.TB) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// filesOf is a storage server: what an internal location may proxy to.
func filesOf(storage string) http.Handler {
	bucket := bucketOf(storage)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/signed/") {
			bucket.ServeHTTP(w, r)
			return
		}
		file := filepath.Join(storage, path.Base(r.URL.Path))
		w.Header().Set("Content-Type", "application/octet-stream")
		if !strings.HasPrefix(r.URL.Path, "/cut/") {
			http.ServeFile(w, r, file)
			return
		}
		content, err := os.ReadFile(file)
		if err != nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		_, _ = w.Write(content[:len(content)/2]) // a declared length that is not kept ends the connection
	})
}

// bucketOf is the object store of a storage folder.
func bucketOf(storage string) *objects.Store {
	return &objects.Store{Secret: "of the tests", Buckets: []objects.Bucket{{Path: "/signed/", Files: os.DirFS(storage)}}}
}

func write(t testing.TB, path, text string) {
	t.Helper()
	if err := errors.Join(os.WriteFile(path, []byte(text), 0o644), os.Chmod(path, 0o644)); err != nil {
		t.Fatal(err)
	}
}

// certificate makes a throw-away certificate in a folder.
func certificate(t testing.TB, dir string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "throw-away"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: cert}, "key.pem": {Type: "PRIVATE KEY", Bytes: private},
	} {
		write(t, filepath.Join(dir, name), string(pem.EncodeToMemory(block)))
	}
}

// inPlace puts the real addresses and folders into what the user states.
func inPlace(s *diag.Stack, place func(string) string) {
	for _, text := range []*string{&s.Storage, &s.Sendfile, &s.Denied, &s.Missing} {
		*text = place(*text)
	}
	for _, url := range []*diag.URL{&s.Backend, &s.Proxy, &s.Direct} {
		*url = diag.URL(place(string(*url)))
	}
}
