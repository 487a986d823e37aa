package gate

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/gate/objects"
	"github.com/proxydiag/proxydiag/pkg/server"
)

// store stands in for what an internal location fetches files from: an object
// store, or any other server.
type store struct {
	objects.Store
	folder string // that holds the objects
	signed bool   // what it gives is asked for by presigned URLs
	strict bool   // it is an object store by its name, and refuses what those do
}

// service matches the hosts of object stores that speak as S3 does.
var service = regexp.MustCompile(`(?i)(?:^|[.-])(?:s3|minio|storage\.googleapis|digitaloceanspaces|backblazeb2|wasabisys|r2\.cloudflarestorage|linodeobjects|objectstorage|scw\.cloud)(?:[.:-]|$)`)

// newStore makes the stand-in for a way out. It is asked for objects as the
// configuration asks: by presigned URLs where it is a known service and the
// location passes their query on, else by anybody.
func newStore(folder string, o *server.Object) *store {
	s := &store{folder: folder, strict: service.MatchString(o.App.Address)}
	s.signed = s.strict && o.Query
	s.Public = !s.signed
	bucket := objects.Bucket{Path: o.Path, Files: os.DirFS(folder)}
	if s.strict {
		bucket.Host = o.Host
	}
	s.Buckets = []objects.Bucket{bucket}
	return s
}

// handler answers for the store. original puts the sandbox's addresses into the
// words of the configuration: what a location sends as Host is judged in those.
func (s *store) handler(original func(string) string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Host = usual(original(r.Host), r.TLS != nil)
		if !s.strict {
			r.Header.Del("Authorization") // who knows what it wants of its clients
			w = unnamed{w}
		}
		s.ServeHTTP(w, r)
	})
}

// unnamed answers without the fields that only S3 has: whether a server of
// another name sends them is not known.
type unnamed struct{ http.ResponseWriter }

func (w unnamed) WriteHeader(status int) {
	for name := range w.Header() {
		if strings.HasPrefix(name, "X-Amz-") {
			w.Header().Del(name)
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

// usual is a host without the port that is the usual one.
func usual(hostPort string, tls bool) string {
	host, port, err := net.SplitHostPort(hostPort)
	if err == nil && (port == "80" && !tls || port == "443" && tls) {
		return host
	}
	return hostPort
}

// query is the query of a presigned URL of an object, "" where none is signed.
func (s *store) query(o *server.Object) func(name string) string {
	if !s.signed {
		return nil
	}
	return func(name string) string { return s.Presign(o.Host, o.Path+name, nil) }
}

// openStores makes the stand-ins for the ways out that are not folders.
func (b *sandbox) openStores(pairs []Pair) error {
	for i := range pairs {
		o := pairs[i].To.Object
		if o == nil || b.stores[o.App] != nil {
			continue
		}
		folder := filepath.Join("objects", fmt.Sprint(len(b.stores)))
		if err := makeFolders(b.dir, folder); err != nil {
			return fmt.Errorf("the sandbox's object store: %w", err)
		}
		b.stores[o.App] = newStore(filepath.Join(b.dir, folder), o)
	}
	return nil
}
