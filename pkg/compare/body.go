package compare

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
)

const (
	bufferSize    = 256 << 10 // of each read of the body, and of the expected content
	sampleSize    = 512
	diffSize      = 64
	hashLimit     = 1 << 20
	keepLimit     = 8 << 20
	bodySlack     = 64 << 10 // read beyond the expected size before giving up
	defaultMaxRaw = 1 << 20  // of a body nothing is known about
	leastProgress = 64 << 10 // of a patient request's body within Options.Idle
)

var (
	errBodyTooLong = errors.New("the body is longer than the limit")
	errExpected    = errors.New("the expected content cannot be read")
)

// sink takes a body as it arrives, piece by piece, in constant memory.
type sink struct {
	body   Body
	expect Content // nil: nothing to compare with
	max    int64
	buf    []byte // for expected bytes
	hash   hash.Hash
	digest bool // of a long body, too
	keep   bool
}

func newSink(r Request) *sink {
	s := &sink{body: emptyBody(), expect: r.Expect, max: r.MaxBody, hash: sha256.New(), digest: r.Digest, keep: r.Keep}
	if s.max <= 0 {
		s.max = defaultMaxRaw
		if s.expect != nil {
			s.max = s.expect.Size() + bodySlack
		}
	}
	return s
}

// emptyBody is the Body of an exchange without one.
func emptyBody() Body { return Body{Declared: -1, FirstDiff: -1} }

// Write takes the next piece. It fails with errBodyTooLong when the limit is
// crossed, after taking what is within it, and with errExpected.
func (s *sink) Write(p []byte) (int, error) {
	var tooLong error
	if left := s.max - s.body.Length; int64(len(p)) > left {
		p, tooLong = p[:left], errBodyTooLong
	}
	if n := sampleSize - len(s.body.Sample); n > 0 {
		s.body.Sample = append(s.body.Sample, p[:min(n, len(p))]...)
	}
	if n := keepLimit - len(s.body.Kept); s.keep && n > 0 {
		s.body.Kept = append(s.body.Kept, p[:min(n, len(p))]...)
	}
	if s.hash != nil {
		s.hash.Write(p)
	}
	err := s.compare(p)
	s.body.Length += int64(len(p))
	if s.body.Length > hashLimit && !s.digest {
		s.hash = nil
	}
	return len(p), errors.Join(err, tooLong)
}

// compare looks for the first byte of p that is not the expected one; p
// begins at offset body.Length.
func (s *sink) compare(p []byte) error {
	if s.expect == nil {
		return nil
	}
	if s.body.FirstDiff < 0 {
		i, err := s.firstDiff(p, s.body.Length)
		if err != nil {
			s.expect = nil
			return err
		}
		if i < 0 {
			return nil
		}
		s.body.FirstDiff = s.body.Length + int64(i)
		p = p[i:]
	}
	if n := diffSize - len(s.body.DiffSample); n > 0 {
		s.body.DiffSample = append(s.body.DiffSample, p[:min(n, len(p))]...)
	}
	return nil
}

// firstDiff is the index in p, which begins at off, of the first byte that is
// not the expected one; -1 where all are.
func (s *sink) firstDiff(p []byte, off int64) (int, error) {
	if m, ok := s.expect.(Matcher); ok {
		return m.FirstDiff(p, off), nil
	}
	if s.buf == nil {
		s.buf = make([]byte, min(bufferSize, s.expect.Size()))
	}
	for done := 0; done < len(p); {
		left := s.expect.Size() - off
		if left <= 0 {
			return done, nil
		}
		n := int(min(int64(len(p)-done), int64(len(s.buf)), left))
		got, want := p[done:done+n], s.buf[:n]
		if m, err := s.expect.ReadAt(want, off); m < n {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return -1, fmt.Errorf("%w at offset %d: %w", errExpected, off, err)
		}
		if !bytes.Equal(got, want) {
			i := 0
			for got[i] == want[i] {
				i++
			}
			return done + i, nil
		}
		done, off = done+n, off+int64(n)
	}
	return -1, nil
}

// result closes the account. hasBody is false for responses that cannot have
// a body; those are not compared.
func (s *sink) result(declared int64, hasBody bool) Body {
	b := s.body
	b.Declared = declared
	if hasBody && s.expect != nil {
		switch size := s.expect.Size(); {
		case b.FirstDiff >= size:
			b.Match = Longer
		case b.FirstDiff >= 0:
			b.Match = Differs
		case b.Length == size:
			b.Match = Equal
		case b.Length == 0:
			b.Match = Empty
		default:
			b.Match = Prefix
		}
	}
	if hasBody && s.hash != nil {
		b.SHA256 = hex.EncodeToString(s.hash.Sum(nil))
	}
	return b
}

// bodyless reports whether a response cannot have a body, whatever its
// Content-Length says (RFC 9110 section 6.4.1).
func bodyless(method string, status int) bool {
	return method == "HEAD" || status < 200 || status == 204 || status == 304
}
