package diag

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/compare"
)

// Parts is what a body turned out to be that is not simply the file: ranges of
// it (RFC 9110 section 14), or the file in a content coding (section 8.4).
type Parts struct {
	// Ranges are the ranges that came, in their order.
	Ranges []Range `json:"ranges,omitempty"`
	// Coding is the content coding that was undone, "" where there was none.
	Coding string `json:"coding,omitempty"`
	// Match compares the decoded body, or all ranges together, with the file;
	// "" where it could not be compared, Failure says why.
	Match   compare.Match `json:"match,omitempty"`
	Failure string        `json:"failure,omitempty"`
}

// Range is one range of the file as an answer declares and delivers it: the
// first and the last offset, and the file's whole length, -1 where it is not told.
type Range struct {
	First int64         `json:"first"`
	Last  int64         `json:"last"`
	Total int64         `json:"total"`
	Match compare.Match `json:"match"`
}

// maxParts is how many parts of a multipart answer are looked at.
const maxParts = 100

// verifyParts compares a kept body with the file, as its header declares it.
func verifyParts(x compare.Exchange, file compare.Content) *Parts {
	p := &Parts{Coding: strings.ToLower(x.Header.Get("Content-Encoding"))}
	body := x.Body.Kept
	if p.Coding == "identity" {
		p.Coding = ""
	}
	if p.Coding != "" {
		var err error
		if body, err = decode(p.Coding, body, file.Size()); err != nil {
			p.Failure = err.Error()
			return p
		}
	}
	if x.Status != 206 {
		p.Match = x.Body.Match // compared as it came, also what was not kept
		if p.Coding != "" || p.Match == compare.NotCompared {
			p.Match = match(body, file, 0, file.Size())
		}
		return p
	}
	mediaType, params, err := mime.ParseMediaType(x.Header.Get("Content-Type"))
	if err == nil && mediaType == "multipart/byteranges" {
		p.Failure = p.multipart(body, params["boundary"], file)
		return p
	}
	if err := p.one(x.Header.Get("Content-Range"), body, file); err != nil {
		p.Failure = err.Error()
	}
	return p
}

// one adds a range.
func (p *Parts) one(contentRange string, body []byte, file compare.Content) error {
	first, last, total, err := ParseContentRange(contentRange)
	if err != nil {
		return err
	}
	r := Range{First: first, Last: last, Total: total, Match: match(body, file, first, last-first+1)}
	p.Ranges = append(p.Ranges, r)
	if p.Match == "" || p.Match == compare.Equal {
		p.Match = r.Match
	}
	return nil
}

// multipart adds the ranges of a multipart/byteranges body (RFC 9110 section
// 14.6) and returns what is wrong with it, "" if nothing is.
func (p *Parts) multipart(body []byte, boundary string, file compare.Content) string {
	if boundary == "" {
		return "multipart/byteranges without a boundary"
	}
	r := multipart.NewReader(bytes.NewReader(body), boundary)
	for range maxParts {
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return ""
		}
		if err != nil {
			return "the multipart body cannot be read: " + err.Error()
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return "the multipart body cannot be read: " + err.Error()
		}
		if err := p.one(part.Header.Get("Content-Range"), data, file); err != nil {
			return err.Error()
		}
	}
	return fmt.Sprintf("more than %d parts", maxParts)
}

// match compares a body with n bytes of the file from an offset on.
func match(body []byte, file compare.Content, off, n int64) compare.Match {
	if off < 0 || n < 0 || off+n > file.Size() {
		return compare.Differs
	}
	want := make([]byte, n)
	if _, err := file.ReadAt(want, off); err != nil && !errors.Is(err, io.EOF) {
		return compare.NotCompared
	}
	switch {
	case bytes.Equal(body, want):
		return compare.Equal
	case len(body) == 0:
		return compare.Empty
	case bytes.HasPrefix(want, body):
		return compare.Prefix
	case bytes.HasPrefix(body, want):
		return compare.Longer
	}
	return compare.Differs
}

// decode undoes a content coding. What comes out is at most a little more than
// the file is long: a small body may unpack to anything.
func decode(coding string, body []byte, size int64) ([]byte, error) {
	if coding != "gzip" && coding != "x-gzip" {
		return nil, fmt.Errorf("the content coding %q was not undone", coding)
	}
	r, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("the body is marked as gzip and is not: %w", err)
	}
	plain, err := io.ReadAll(io.LimitReader(r, size+1))
	if err != nil {
		return nil, fmt.Errorf("the gzip body cannot be unpacked: %w", err)
	}
	return plain, nil
}

// ParseContentRange reads "bytes first-last/total" (RFC 9110 section 14.4);
// for "bytes */total" first and last are -1, for an unknown total it is -1.
func ParseContentRange(s string) (first, last, total int64, err error) {
	spec, ok := strings.CutPrefix(s, "bytes ")
	positions, length, ok2 := strings.Cut(spec, "/")
	if !ok || !ok2 {
		return 0, 0, 0, fmt.Errorf("Content-Range %q is not of the form bytes first-last/length", s)
	}
	total = -1
	if length != "*" {
		if total, err = number(length); err != nil {
			return 0, 0, 0, fmt.Errorf("Content-Range %q: %w", s, err)
		}
	}
	if positions == "*" {
		return -1, -1, total, nil
	}
	from, to, ok := strings.Cut(positions, "-")
	if !ok {
		return 0, 0, 0, fmt.Errorf("Content-Range %q is not of the form bytes first-last/length", s)
	}
	first, err = number(from)
	if err == nil {
		last, err = number(to)
	}
	if err == nil && last < first {
		err = errors.New("the last offset is before the first")
	}
	if err != nil {
		return 0, 0, 0, fmt.Errorf("Content-Range %q: %w", s, err)
	}
	return first, last, total, nil
}

// number reads a length or an offset: digits only.
func number(s string) (int64, error) {
	if s == "" || strings.Trim(s, "0123456789") != "" || len(s) > 18 {
		return 0, fmt.Errorf("%q is no offset", s)
	}
	var n int64
	for _, c := range []byte(s) {
		n = n*10 + int64(c-'0')
	}
	return n, nil
}
