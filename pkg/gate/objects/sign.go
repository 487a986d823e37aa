package objects

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Signature Version 4 in the query (Amazon S3 API Reference, Authenticating
// Requests: Using Query Parameters). The libraries sign and do not check; the
// documentation's own example is a test here.
const (
	algorithm  = "AWS4-HMAC-SHA256"
	timeFormat = "20060102T150405Z"
	region     = "us-east-1"
	validity   = time.Hour

	paramAlgorithm  = "X-Amz-Algorithm"
	paramCredential = "X-Amz-Credential"
	paramDate       = "X-Amz-Date"
	paramExpires    = "X-Amz-Expires"
	paramHeaders    = "X-Amz-SignedHeaders"
	paramSignature  = "X-Amz-Signature"
)

// signature is what is signed, and with what.
type signature struct {
	method, host, path string // the path unescaped
	query              url.Values
	header             http.Header
	secret             string
}

// Presign returns the query by which an object may be had for an hour: what an
// application appends to the URL. host is what the store's Host field is to say,
// path the unescaped path that the store is to be asked for; extra, which may be
// nil, goes into the query as well, such as response-content-disposition.
//
// The signature is one for GET. S3 wants HEAD signed as HEAD; the stand-in does
// not know what an application would sign, and takes GET for HEAD.
func (s *Store) Presign(host, path string, extra url.Values) string {
	access, secret := s.keys()
	now := time.Now().UTC()
	q := maps.Clone(extra)
	if q == nil {
		q = url.Values{}
	}
	for name, value := range map[string]string{
		paramAlgorithm: algorithm, paramCredential: strings.Join([]string{access, now.Format("20060102"), region, "s3", "aws4_request"}, "/"),
		paramDate: now.Format(timeFormat), paramExpires: strconv.Itoa(int(validity.Seconds())), paramHeaders: "host",
	} {
		q.Set(name, value)
	}
	sum := signature{method: http.MethodGet, host: host, path: path, query: q, secret: secret}.sum()
	query := canonicalQuery(q) + "&" + paramSignature + "=" + sum
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.issued == nil {
		s.issued = map[string]string{}
	}
	s.issued[sum] = query
	return query
}

// signed says that a request has a signature in its query.
func signed(r *http.Request) bool {
	q := r.URL.Query()
	return q.Has(paramAlgorithm) || q.Has(paramSignature) || q.Has("Signature")
}

// admit checks whether a request may read, in the order of S3.
func (s *Store) admit(r *http.Request) error {
	field := r.Header.Get("Authorization")
	switch {
	case field != "" && signed(r):
		return authorization("Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, " +
			"Signature query string parameter or the Authorization header should be specified")
	case strings.HasPrefix(field, "AWS4-HMAC-SHA256 ") || strings.HasPrefix(field, "AWS "):
		return unknownKey // nobody but us has a key, and we sign queries
	case field != "":
		return authorization("Unsupported Authorization Type")
	case signed(r):
		return s.verify(r)
	case s.Public:
		return nil
	}
	return accessDenied
}

// verify checks a signature in the query.
func (s *Store) verify(r *http.Request) error {
	access, secret := s.keys()
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return mismatch
	}
	for _, name := range []string{paramAlgorithm, paramCredential, paramSignature, paramDate, paramHeaders, paramExpires} {
		if q.Get(name) == "" {
			return incomplete
		}
	}
	if key, _, _ := strings.Cut(q.Get(paramCredential), "/"); key != access {
		return unknownKey
	}
	date, err := time.Parse(timeFormat, q.Get(paramDate))
	seconds, notNumber := strconv.Atoi(q.Get(paramExpires))
	if err != nil || notNumber != nil || q.Get(paramAlgorithm) != algorithm {
		return incomplete
	}
	if time.Since(date) > time.Duration(seconds)*time.Second {
		return expired
	}
	given := q.Get(paramSignature)
	q.Del(paramSignature)
	want := signature{method: http.MethodGet, host: r.Host, path: r.URL.Path, query: q, header: r.Header, secret: secret}.sum()
	if !hmac.Equal([]byte(given), []byte(want)) {
		return mismatch
	}
	return nil
}

// sum computes a signature; the query says the date, the scope and the fields.
func (s signature) sum() string {
	var fields strings.Builder
	names := strings.Split(s.query.Get(paramHeaders), ";")
	for _, name := range names {
		value := strings.Join(s.header.Values(name), ",")
		if name == "host" {
			value = s.host
		}
		fmt.Fprintf(&fields, "%s:%s\n", name, strings.TrimSpace(value))
	}
	request := strings.Join([]string{
		s.method, escape(s.path, "/"), canonicalQuery(s.query), fields.String(), strings.Join(names, ";"), "UNSIGNED-PAYLOAD",
	}, "\n")
	hashed := sha256.Sum256([]byte(request))
	_, scope, _ := strings.Cut(s.query.Get(paramCredential), "/")
	text := strings.Join([]string{algorithm, s.query.Get(paramDate), scope, hex.EncodeToString(hashed[:])}, "\n")
	key := []byte("AWS4" + s.secret)
	for part := range strings.SplitSeq(scope, "/") {
		key = mac(key, part)
	}
	return hex.EncodeToString(mac(key, text))
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// canonicalQuery is a query in the order of its names, escaped as it is signed.
func canonicalQuery(q url.Values) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(q)) {
		values := slices.Sorted(slices.Values(q[name]))
		for _, value := range values {
			pairs = append(pairs, escape(name, "")+"="+escape(value, ""))
		}
	}
	return strings.Join(pairs, "&")
}

// escape escapes all but unreserved characters (RFC 3986, section 2.3) and those in
// keep.
func escape(text, keep string) string {
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~"+keep, c) >= 0 {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}
