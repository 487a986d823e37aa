package objects

import (
	"bufio"
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/minio/minio-go/v7/pkg/signer"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var modified = time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC)

// media is a bucket's files.
func media() fstest.MapFS {
	return fstest.MapFS{
		"a.bin":         {Data: []byte("0123456789"), ModTime: modified},
		"100% ä +&.pdf": {Data: []byte("escaped"), ModTime: modified},
		"sub/b.txt":     {Data: []byte("below"), ModTime: modified},
	}
}

// get asks a store without a network in between.
func get(s *Store, method, target string, fields ...string) *http.Response {
	r := httptest.NewRequest(method, "http://s3.test"+target, nil)
	r.RequestURI = target
	for i := 0; i < len(fields); i += 2 {
		if fields[i] == "Host" {
			r.Host = fields[i+1]
		} else {
			r.Header.Set(fields[i], fields[i+1])
		}
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// last is the latest note.
func last(t *testing.T, s *Store) Request {
	t.Helper()
	notes := s.Requests()
	if len(notes) == 0 {
		t.Fatal("nothing is noted")
	}
	return notes[len(notes)-1]
}

// TestSignature is the documentation's own example (Amazon S3 API Reference,
// Authenticating Requests: Using Query Parameters, An Example).
func TestSignature(t *testing.T) {
	q := url.Values{
		paramAlgorithm: {algorithm}, paramCredential: {"AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request"},
		paramDate: {"20130524T000000Z"}, paramExpires: {"86400"}, paramHeaders: {"host"},
	}
	got := signature{method: "GET", host: "examplebucket.s3.amazonaws.com", path: "/test.txt", query: q, secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}.sum()
	if want := "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// TestSignedByAnother: what a client of S3 signs is taken.
func TestSignedByAnother(t *testing.T) {
	s := &Store{Buckets: []Bucket{{Path: "/media/", Files: media()}}, AccessKey: "AKID", Secret: "se/cr+et"}
	for key, content := range map[string]string{"a.bin": "0123456789", "100% ä +&.pdf": "escaped", "sub/b.txt": "below"} {
		u := &url.URL{Scheme: "http", Host: "s3.test", Path: "/media/" + key, RawQuery: "response-content-disposition=" + url.QueryEscape(`attachment; filename="a b"`)}
		r := signer.PreSignV4(http.Request{Method: "GET", URL: u, Host: u.Host, Header: http.Header{}}, s.AccessKey, s.Secret, "", "eu-west-3", 60)
		res := get(s, "GET", r.URL.RequestURI())
		if got := text(t, res); got != content || res.Header.Get("Content-Disposition") != `attachment; filename="a b"` {
			t.Errorf("%s: %d %v %s", r.URL, res.StatusCode, res.Header, got)
		}
	}
	if got := last(t, s); got.Query != Changed && got.Query != Foreign {
		t.Errorf("noted as %+v", got)
	}
}

// TestPresign: a presigned URL is worth what it says, and nothing else.
func TestPresign(t *testing.T) {
	s := &Store{Buckets: []Bucket{{Host: "s3.test", Path: "/media/", Files: media()}, {Host: "media.s3.test:9000", Files: media()}}}
	query := s.Presign("s3.test", "/media/a.bin", url.Values{"response-content-type": {"x/y z"}})
	first, rest, _ := strings.Cut(query, "&")
	old := signedAt(s, time.Now().Add(-2*time.Hour))
	for _, tt := range []struct {
		name, target string
		fields       []string
		status       int
		code         string
		query        Query
	}{
		{"as it is", "/media/a.bin?" + query, nil, 200, "", Intact},
		{"with a session", "/media/a.bin?" + query, []string{"Cookie", "a=1"}, 200, "", Intact},
		{"signed twice", "/media/a.bin?" + query, []string{"Authorization", "Bearer x"}, 400, "InvalidArgument", Intact},
		{"credentials instead", "/media/a.bin", []string{"Authorization", "Basic eA=="}, 400, "InvalidArgument", NoQuery},
		{"signed in a field", "/media/a.bin", []string{"Authorization", "AWS4-HMAC-SHA256 Credential=x"}, 403, "InvalidAccessKeyId", NoQuery},
		{"query lost", "/media/a.bin", nil, 403, "AccessDenied", NoQuery},
		{"another query", "/media/a.bin?x=1", nil, 403, "AccessDenied", NoQuery},
		{"another order", "/media/a.bin?" + rest + "&" + first, nil, 200, "", Reorder},
		{"unescaped slashes", "/media/a.bin?" + strings.ReplaceAll(query, "%2F", "/"), nil, 200, "", Reorder},
		{"one lost", "/media/a.bin?" + rest, nil, 400, "AuthorizationQueryParametersError", Changed},
		{"signature lost", "/media/a.bin?" + query[:strings.Index(query, "&"+paramSignature)], nil, 400, "AuthorizationQueryParametersError", Changed},
		{"one more", "/media/a.bin?" + query + "&x=1", nil, 403, "SignatureDoesNotMatch", Changed},
		{"twice", "/media/a.bin?" + query + "&" + query, nil, 403, "SignatureDoesNotMatch", Changed},
		{"no query at all", "/media/a.bin?" + query + "&%zz", nil, 403, "SignatureDoesNotMatch", Changed},
		{"type changed", "/media/a.bin?" + strings.Replace(query, "y%20z", "y", 1), nil, 403, "SignatureDoesNotMatch", Changed},
		{"signature changed", "/media/a.bin?" + query[:len(query)-64] + strings.Repeat("0", 64), nil, 403, "SignatureDoesNotMatch", Changed},
		{"another key's", "/media/a.bin?" + strings.Replace(query, "PROXYDIAGSTANDIN", "AKIA", 1), nil, 403, "InvalidAccessKeyId", Changed},
		{"another's", "/media/a.bin?X-Amz-Signature=0a", nil, 400, "AuthorizationQueryParametersError", Foreign},
		{"another path", "/media/sub/b.txt?" + query, nil, 403, "SignatureDoesNotMatch", Intact},
		{"another host", "/media/a.bin?" + query, []string{"Host", "www.example.org"}, 403, "SignatureDoesNotMatch", Intact},
		{"expired", "/media/a.bin?" + old, nil, 403, "AccessDenied", Changed},
		{"no such key", "/media/none?" + s.Presign("s3.test", "/media/none", nil), nil, 404, "NoSuchKey", Intact},
		{"no such bucket", "/other/a.bin?" + s.Presign("s3.test", "/other/a.bin", nil), nil, 404, "NoSuchBucket", Intact},
		{"a folder", "/media/sub?" + s.Presign("s3.test", "/media/sub", nil), nil, 404, "NoSuchKey", Intact},
		{"up", "/media/../a.bin?" + s.Presign("s3.test", "/media/../a.bin", nil), nil, 404, "NoSuchKey", Intact},
		{"by its host", "/a.bin?" + s.Presign("media.s3.test:9000", "/a.bin", nil), []string{"Host", "MEDIA.s3.test:9000"}, 403, "SignatureDoesNotMatch", Intact},
		{"by its host as signed", "/a.bin?" + s.Presign("media.s3.test:9000", "/a.bin", nil), []string{"Host", "media.s3.test:9000"}, 200, "", Intact},
		{"escaped", "/media/100%25%20%c3%a4%20%2B&.pdf?" + s.Presign("s3.test", "/media/100% ä +&.pdf", nil), nil, 200, "", Intact},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, method := range []string{"GET", "HEAD"} {
				res := get(s, method, tt.target, tt.fields...)
				body := text(t, res)
				var doc struct {
					Code    string
					Request string `xml:"RequestId"`
					Host    string `xml:"HostId"`
				}
				if res.StatusCode != 200 && method == "GET" {
					if err := xml.Unmarshal([]byte(body), &doc); err != nil || doc.Code != tt.code || doc.Request != res.Header.Get("X-Amz-Request-Id") || doc.Host != res.Header.Get("X-Amz-Id-2") {
						t.Errorf("%v: %s", err, body)
					}
					if strings.Contains(body, "Bearer") {
						t.Error("the answer tells credentials")
					}
				}
				if res.StatusCode != tt.status || method == "HEAD" && body != "" || len(res.Header.Get("X-Amz-Request-Id")) != 16 || res.Header.Get("Server") != "AmazonS3" {
					t.Errorf("%s: %d %v: %s", method, res.StatusCode, res.Header, body)
				}
				got := last(t, s)
				if got.Query != tt.query || got.Status != tt.status || got.Code != tt.code || got.Target != tt.target || got.Method != method ||
					got.Authorization != (res.StatusCode == 400 && tt.code == "InvalidArgument" || tt.name == "signed in a field") || got.Cookie != (tt.name == "with a session") {
					t.Errorf("%s: noted as %+v", method, got)
				}
			}
		})
	}
}

// signedAt is a query that was signed at another time.
func signedAt(s *Store, at time.Time) string {
	access, secret := s.keys()
	q := url.Values{paramAlgorithm: {algorithm}, paramCredential: {access + "/" + at.UTC().Format("20060102") + "/us-east-1/s3/aws4_request"},
		paramDate: {at.UTC().Format(timeFormat)}, paramExpires: {"3600"}, paramHeaders: {"host"}}
	return canonicalQuery(q) + "&" + paramSignature + "=" + signature{method: "GET", host: "s3.test", path: "/media/a.bin", query: q, secret: secret}.sum()
}

// TestPublic: a public store gives without a signature, and still refuses a wrong one.
func TestPublic(t *testing.T) {
	s := &Store{Public: true, Buckets: []Bucket{{Files: media()}, {Path: "/sub/", Files: fstest.MapFS{"b.txt": {Data: []byte("nearer")}}}}}
	for _, tt := range []struct {
		method, target string
		fields         []string
		status         int
		body           string
	}{
		{"GET", "/a.bin", nil, 200, "0123456789"},
		{"GET", "/sub/b.txt", nil, 200, "nearer"},
		{"GET", "/a.bin", []string{"Range", "bytes=2-4"}, 206, "234"},
		{"GET", "/a.bin", []string{"Range", "bytes=-3"}, 206, "789"},
		{"GET", "/a.bin", []string{"Range", "bytes=0-1,4-5"}, 200, "0123456789"},
		{"GET", "/a.bin", []string{"If-Modified-Since", modified.Format(http.TimeFormat)}, 304, ""},
		{"GET", "/a.bin", []string{"If-Unmodified-Since", modified.Add(-time.Hour).Format(http.TimeFormat)}, 412, ""},
		{"HEAD", "/a.bin", nil, 200, ""},
		{"GET", "/a.bin", []string{"Authorization", "Bearer x"}, 400, "*"},
		{"GET", "/a.bin?X-Amz-Signature=0", nil, 400, "*"},
		{"GET", "/a.bin?response-content-type=x", nil, 200, "0123456789"},
		{"POST", "/a.bin", nil, 405, "*"},
	} {
		res := get(s, tt.method, tt.target, tt.fields...)
		if got := text(t, res); res.StatusCode != tt.status || tt.body != "*" && got != tt.body || res.Header.Get("Content-Type") == "x" {
			t.Errorf("%s %s %v: %d %q", tt.method, tt.target, tt.fields, res.StatusCode, got)
		}
	}
	res := get(s, "GET", "/a.bin")
	if res.Header.Get("Accept-Ranges") != "bytes" || len(res.Header.Get("Etag")) != 34 || res.Header.Get("Last-Modified") == "" || res.Header.Get("X-Amz-Server-Side-Encryption") == "" {
		t.Errorf("fields: %v", res.Header)
	}
	if again := get(s, "GET", "/a.bin", "If-None-Match", res.Header.Get("Etag")); again.StatusCode != 304 {
		t.Errorf("with its own ETag: %d", again.StatusCode)
	}
}

// serving starts a store on loopback.
func serving(t *testing.T, s *Store) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// TestOnTheWire: what arrives is noted byte for byte, also what is no request.
func TestOnTheWire(t *testing.T) {
	s := &Store{Public: true, Buckets: []Bucket{{Files: media()}}}
	addr := serving(t, s)
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	from := bufio.NewReader(conn)
	ask := func(text, method string, status int) {
		t.Helper()
		fmt.Fprint(conn, text)
		res, err := http.ReadResponse(from, &http.Request{Method: method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != status {
			t.Errorf("%d, %v", res.StatusCode, err)
		}
	}
	ask("GET /%61.bin?x=%31 HTTP/1.1\r\nHost: s3.test\r\nX-Proxydiag-Probe: r.p\r\nRange: bytes=0-0\r\n\r\n", "GET", 206)
	ask("POST /a.bin HTTP/1.1\r\nHost: s3.test\r\nContent-Length: 20\r\n\r\nabc\ndefghijklmnopqr\r\n", "POST", 405)
	ask("HEAD /a.bin  HTTP/1.1\nHost: s3.test\n\n", "GET", 400)
	if _, err := from.ReadByte(); err == nil {
		t.Error("the connection is open")
	}
	want := []Request{
		{Probe: "r.p", Line: "GET /%61.bin?x=%31 HTTP/1.1", Method: "GET", Target: "/%61.bin?x=%31", Host: "s3.test", Key: "a.bin", Range: "bytes=0-0", Status: 206},
		{Line: "POST /a.bin HTTP/1.1", Method: "POST", Target: "/a.bin", Host: "s3.test", Status: 405, Code: "MethodNotAllowed"},
		{Line: "HEAD /a.bin  HTTP/1.1", Status: 400},
	}
	if diff := cmp.Diff(want, s.Requests(), cmpopts.IgnoreFields(Request{}, "Time")); diff != "" {
		t.Error(diff)
	}
	for line, noted := range map[string]int{"GET /a b.bin HTTP/1.0\r\n\r\n": 1, "GET /100%.bin HTTP/1.0\r\n\r\n": 1, "GET /": 0, "": 0} {
		before := len(s.Requests())
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(conn, line)
		_ = conn.(*net.TCPConn).CloseWrite()
		_, _ = io.Copy(io.Discard, conn)
		conn.Close()
		if got := s.Requests()[before:]; len(got) != noted || noted == 1 && (got[0].Line != strings.TrimSpace(line) || got[0].Status != 400) {
			t.Errorf("%q: noted as %+v", line, got)
		}
	}
}

func TestConcurrently(t *testing.T) {
	s := &Store{Buckets: []Bucket{{Path: "/media/", Files: media()}}}
	addr := serving(t, s)
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 10 {
				res, err := client.Get("http://" + addr + "/media/a.bin?" + s.Presign(addr, "/media/a.bin", nil))
				if err != nil {
					t.Error(err)
					return
				}
				if got, err := io.ReadAll(res.Body); err != nil || string(got) != "0123456789" {
					t.Errorf("%v, %s", err, got)
				}
				res.Body.Close()
			}
		})
	}
	all.Wait()
	for _, r := range s.Requests() {
		if r.Query != Intact || !strings.HasPrefix(r.Line, "GET /media/a.bin?") || !strings.HasSuffix(r.Line, " HTTP/1.1") {
			t.Errorf("noted as %+v", r)
		}
	}
	if n := len(s.Requests()); n != 80 {
		t.Errorf("%d notes", n)
	}
}

func TestNotesAreBounded(t *testing.T) {
	s := &Store{}
	for i := range maxRequests + 3 {
		get(s, "GET", fmt.Sprint("/", i))
	}
	get(s, "GET", "/"+strings.Repeat("x", 2*maxText))
	notes := s.Requests()
	if len(notes) != maxRequests || notes[0].Target != "/4" || len(last(t, s).Target) != maxText || len(last(t, s).Line) != maxText {
		t.Errorf("%d notes from %s", len(notes), notes[0].Target)
	}
}

// FuzzVerify: whatever a query says, only what was signed is given.
func FuzzVerify(f *testing.F) {
	s := &Store{Buckets: []Bucket{{Files: media()}}}
	f.Add("/a.bin", s.Presign("s3.test", "/a.bin", nil))
	f.Add("/sub/b.txt", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=PROXYDIAGSTANDIN&X-Amz-Date=20990101T000000Z&X-Amz-Expires=9&X-Amz-SignedHeaders=;&X-Amz-Signature=00")
	f.Fuzz(func(t *testing.T, path, query string) {
		r := &http.Request{Method: "GET", URL: &url.URL{Path: path, RawQuery: query}, Host: "s3.test", Header: http.Header{}}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code == 200 && (path != "/a.bin" || latest(s).Query != Intact && latest(s).Query != Reorder) {
			t.Errorf("%s?%s is given", path, query)
		}
	})
}

func latest(s *Store) Request { n := s.Requests(); return n[len(n)-1] }
