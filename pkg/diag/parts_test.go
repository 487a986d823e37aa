package diag

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/compare"
)

const file = "0123456789abcdefghij"

func answerOf(status int, body string, fields ...string) compare.Exchange {
	x := compare.Exchange{Status: status}
	x.Body.Kept = []byte(body)
	for i := 0; i+1 < len(fields); i += 2 {
		x.Header = append(x.Header, compare.Field{Name: fields[i], Value: fields[i+1]})
	}
	return x
}

func packed(s string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(s))
	_ = w.Close()
	return b.String()
}

func TestVerifyParts(t *testing.T) {
	multi := "--B\r\nContent-Range: bytes 0-1/20\r\n\r\n01\r\n--B\r\nContent-Range: bytes 18-19/20\r\n\r\n%s\r\n--B--\r\n"
	for _, c := range []struct {
		name string
		x    compare.Exchange
		want Parts
	}{
		{"whole", answerOf(200, file), Parts{Match: compare.Equal}},
		{"short", answerOf(200, file[:5]), Parts{Match: compare.Prefix}},
		{"a range", answerOf(206, "23", "Content-Range", "bytes 2-3/20"),
			Parts{Match: compare.Equal, Ranges: []Range{{2, 3, 20, compare.Equal}}}},
		{"a range with the bytes of another", answerOf(206, "45", "Content-Range", "bytes 2-3/20"),
			Parts{Match: compare.Differs, Ranges: []Range{{2, 3, 20, compare.Differs}}}},
		{"a range beyond the end", answerOf(206, "x", "Content-Range", "bytes 20-20/21"),
			Parts{Match: compare.Differs, Ranges: []Range{{20, 20, 21, compare.Differs}}}},
		{"no Content-Range", answerOf(206, "23"), Parts{Failure: `Content-Range "" is not of the form bytes first-last/length`}},
		{"several", answerOf(206, strings.Replace(multi, "%s", "ij", 1), "Content-Type", "multipart/byteranges; boundary=B"),
			Parts{Match: compare.Equal, Ranges: []Range{{0, 1, 20, compare.Equal}, {18, 19, 20, compare.Equal}}}},
		{"several, one wrong", answerOf(206, strings.Replace(multi, "%s", "xx", 1), "Content-Type", "multipart/byteranges; boundary=B"),
			Parts{Match: compare.Differs, Ranges: []Range{{0, 1, 20, compare.Equal}, {18, 19, 20, compare.Differs}}}},
		{"gzip", answerOf(200, packed(file), "Content-Encoding", "gzip"), Parts{Coding: "gzip", Match: compare.Equal}},
		{"gzip of something else", answerOf(200, packed("page"), "Content-Encoding", "gzip"), Parts{Coding: "gzip", Match: compare.Differs}},
		{"gzip in name only", answerOf(200, file, "Content-Encoding", "gzip"),
			Parts{Coding: "gzip", Failure: "the body is marked as gzip and is not: gzip: invalid header"}},
		{"brotli", answerOf(200, "x", "Content-Encoding", "br"), Parts{Coding: "br", Failure: `the content coding "br" was not undone`}},
	} {
		if diff := cmp.Diff(c.want, *verifyParts(c.x, strings.NewReader(file))); diff != "" {
			t.Errorf("%s: %s", c.name, diff)
		}
	}
}

func TestGzipBombIsNotUnpacked(t *testing.T) {
	bomb := packed(strings.Repeat("\x00", 10<<20))
	got, err := decode("gzip", []byte(bomb), int64(len(file)))
	if err != nil || len(got) != len(file)+1 {
		t.Errorf("got %d bytes, %v; want one more than the file has", len(got), err)
	}
}

func FuzzParseContentRange(f *testing.F) {
	f.Add("bytes 0-1/20")
	f.Add("bytes */20")
	f.Fuzz(func(t *testing.T, s string) {
		first, last, total, err := ParseContentRange(s)
		if err == nil && (first > last || total < -1 || first < -1) {
			t.Errorf("%q gave %d-%d/%d", s, first, last, total)
		}
	})
}
