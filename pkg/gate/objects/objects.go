// Package objects is a small object store that speaks as S3 does to who reads from
// it: it stands in for the store that an internal location of a proxy asks, checks
// the signature of a presigned URL, and notes what arrived.
package objects

import (
	"context"
	"crypto/md5"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"mime"
	"net"
	"net/http"
	"path"
	"strings"
	"sync"

	"github.com/proxydiag/proxydiag/pkg/appserver"
)

// Bucket is where objects are: the object of a key is asked for at Host and Path,
// followed by the key. A bucket in path style has the service's host and
// "/media/", one in host style "media.s3.example.com" and "/".
type Bucket struct {
	Host  string // as the Host field says it, with a port that is not the usual one; "" = whatever it says
	Path  string // unescaped, with slashes at both ends; "" = "/"
	Files fs.FS  // by key
}

// Store is the stand-in: an [http.Handler] that gives objects to GET and HEAD,
// with ranges and conditions, and refuses as S3 does: with its codes, its error
// documents and its fields (Amazon S3 API Reference, Common Request Headers,
// Common Response Headers, Error Responses, Authenticating Requests: Using
// Query Parameters).
//
// The zero value has no bucket, and a key of its own to sign with. Set the fields
// before the first request. The methods are safe for concurrent use.
type Store struct {
	Buckets []Bucket
	// Public gives objects to requests without a signature, too.
	Public bool
	// AccessKey and Secret are what URLs are signed with; "" = made up.
	AccessKey, Secret string

	once   sync.Once
	mu     sync.Mutex
	log    requestLog
	issued map[string]string // queries of Presign, by signature
}

// maxBody is how much is read of a body that nobody wants.
const maxBody = 64 << 20

// keys makes up what is not given.
func (s *Store) keys() (access, secret string) {
	s.once.Do(func() {
		if s.AccessKey == "" {
			s.AccessKey = "PROXYDIAGSTANDIN"
		}
		if s.Secret == "" {
			s.Secret = rand.Text()
		}
	})
	return s.AccessKey, s.Secret
}

// Serve answers by HTTP on l until ctx ends; see [appserver.Server.Serve]. Only
// what arrives this way is noted byte by byte, and so are requests that are too
// broken for a handler.
func (s *Store) Serve(ctx context.Context, l net.Listener) error {
	server := appserver.Server{
		Handler: s, ErrorLog: log.New(io.Discard, "", 0), // it is all in the notes
		ConnContext: func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, wireKey{}, c) },
	}
	return server.Serve(ctx, listener{l, s})
}

// ServeHTTP implements [http.Handler].
func (s *Store) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		_, _ = io.CopyN(io.Discard, r.Body, maxBody) // nothing is stored; it must not be taken for the next request
	}
	note := noteOf(r)
	note.Query = s.arrived(r.URL.RawQuery)
	id := answerID()
	header := w.Header()
	header.Set("X-Amz-Request-Id", id.request)
	header.Set("X-Amz-Id-2", id.host)
	header.Set("Server", "AmazonS3")
	file, err := s.open(r, &note)
	if err == nil {
		defer func() { _ = file.Close() }() // it was only read
		err = serve(&noted{ResponseWriter: w, note: &note, log: s}, r, file, note.Key)
	}
	if err != nil {
		refusal := asRefusal(err)
		note.Status, note.Code = refusal.status, refusal.Code
		s.note(note)
		refusal.write(w, r, id)
	}
}

// open finds the object that a request may have.
func (s *Store) open(r *http.Request, note *Request) (fs.File, error) {
	if err := s.admit(r); err != nil {
		return nil, err
	}
	bucket, ok := s.bucket(r)
	if !ok {
		return nil, noBucket
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return nil, badMethod
	}
	note.Key = strings.TrimPrefix(r.URL.Path, bucket.path())
	if !fs.ValidPath(note.Key) {
		return nil, noKey
	}
	file, err := bucket.Files.Open(note.Key)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, noKey
	case err != nil:
		return nil, fmt.Errorf("%s: %w", note.Key, err)
	}
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(noKey, file.Close())
	}
	return file, nil
}

// bucket is the one that a request is for: of several the one with the longest
// path.
func (s *Store) bucket(r *http.Request) (found Bucket, ok bool) {
	for _, b := range s.Buckets {
		if b.Host != "" && !strings.EqualFold(b.Host, r.Host) || !strings.HasPrefix(r.URL.Path, b.path()) {
			continue
		}
		if !ok || len(b.path()) > len(found.path()) {
			found, ok = b, true
		}
	}
	return found, ok
}

func (b Bucket) path() string {
	if b.Path == "" {
		return "/"
	}
	return b.Path
}

// overrides are the fields of an answer that a signed query may set (S3 API
// Reference, GetObject).
var overrides = map[string]string{
	"response-cache-control": "Cache-Control", "response-content-disposition": "Content-Disposition",
	"response-content-encoding": "Content-Encoding", "response-content-language": "Content-Language",
	"response-content-type": "Content-Type", "response-expires": "Expires",
}

// serve sends an object.
func serve(w http.ResponseWriter, r *http.Request, file fs.File, key string) error {
	content, ok := file.(io.ReadSeeker)
	info, err := file.Stat()
	if err != nil || !ok {
		return errors.Join(errors.New("it cannot be read from any place"), err)
	}
	header := w.Header()
	header.Set("X-Amz-Server-Side-Encryption", "AES256")
	sum := md5.Sum(fmt.Append(nil, key, 0, info.Size(), 0, info.ModTime().UnixNano())) // opaque, in the usual shape
	header.Set("Etag", `"`+hex.EncodeToString(sum[:])+`"`)
	header.Set("Content-Type", contentType(key))
	if signed(r) {
		for name, field := range overrides {
			if value := r.URL.Query().Get(name); value != "" {
				header.Set(field, value)
			}
		}
	}
	if strings.Contains(r.Header.Get("Range"), ",") {
		r = r.Clone(r.Context())
		r.Header.Del("Range") // several ranges are none (S3 API Reference, GetObject, Range)
	}
	http.ServeContent(w, r, key, info.ModTime(), content)
	return nil
}

func contentType(key string) string {
	if t := mime.TypeByExtension(path.Ext(key)); t != "" {
		return t
	}
	return "binary/octet-stream" // what S3 says where nobody has said anything
}

// ids of an answer.
type ids struct{ request, host string }

func answerID() ids {
	var b [56]byte
	rand.Read(b[:]) // never fails, see crypto/rand
	return ids{strings.ToUpper(hex.EncodeToString(b[:8])), base64.StdEncoding.EncodeToString(b[8:])}
}
