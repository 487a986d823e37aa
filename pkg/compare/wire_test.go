package compare

import (
	"bytes"
	"net"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// feed runs response through a wire as one read or byte by byte.
func feed(response []byte, single bool) state {
	w := newWire(nil, 0, 0)
	step := max(1, len(response))
	if single {
		step = 1
	}
	for p := range slices.Chunk(response, step) {
		if w.record(p) != nil {
			break
		}
	}
	return w.state()
}

func TestWireFindsTheEndOfTheHeader(t *testing.T) {
	for _, test := range []struct {
		received string
		interim  int
		final    string
	}{
		{"", 0, ""},
		{"HTTP/1.1 200 OK\r\nA: b\r\n", 0, ""},
		{"HTTP/1.1 200 OK\r\nA: b\r\n\r\nbody\r\n\r\n", 0, "HTTP/1.1 200 OK\r\nA: b\r\n\r\n"},
		{"HTTP/1.1 200 OK\nA: b\n\nbody\n\n", 0, "HTTP/1.1 200 OK\nA: b\n\n"},
		{"HTTP/1.1 100 C\r\n\r\nHTTP/1.1 103 E\r\nL: x\r\n\r\nHTTP/1.1 404 N\r\n\r\nx", 2, "HTTP/1.1 404 N\r\n\r\n"},
		{"HTTP/1.1 100 C\r\n\r\nHTTP/1.1 2", 1, ""},
		{"HTTP/1.1 101 S\r\n\r\n\x00\x01", 0, "HTTP/1.1 101 S\r\n\r\n"},
		{"garbage\r\n\r\nmore", 0, "garbage\r\n\r\n"},
	} {
		for _, single := range []bool{false, true} {
			s := feed([]byte(test.received), single)
			if len(s.interim) != test.interim || string(s.final) != test.final {
				t.Errorf("%q, byte by byte %t: %d interim, final %q", test.received, single, len(s.interim), s.final)
			}
		}
	}
}

func TestParseTrailers(t *testing.T) {
	for tail, want := range map[string]Header{
		"hello\r\n0\r\nX-a: 1\r\nx-A: 0\r\n\r\n": {{"X-a", "1"}, {"x-A", "0"}},
		"0\r\nfake\r\n00;ext=1\r\nX: 1\r\n\r\n":  {{"X", "1"}},
		"0\r\n\r\n":                              nil,
		"0\r\nX: 1\r\n\r\nHTTP/1.1 200 OK\r\n":   {{"X", "1"}},
		"0\r\nnot a field\r\n\r\n":               nil,
		"no last chunk: 1\r\n\r\n":               nil,
		"":                                       nil,
	} {
		if d := cmp.Diff(want, parseTrailers([]byte(tail))); d != "" {
			t.Errorf("%q (-want +got):\n%s", tail, d)
		}
	}
}

func TestContentLength(t *testing.T) {
	for _, test := range []struct {
		values []string
		want   int64
	}{
		{nil, -1}, {[]string{"5"}, 5}, {[]string{"5", "5"}, 5}, {[]string{"5", "6"}, -1},
		{[]string{"-1"}, -1}, {[]string{"5, 5"}, -1}, {[]string{"0"}, 0},
	} {
		var h Header
		for _, v := range test.values {
			h = append(h, Field{"content-length", v})
		}
		if got := contentLength(h); got != test.want {
			t.Errorf("%q: %d, want %d", test.values, got, test.want)
		}
	}
}

func TestWireKeepsReadsBackUntilWritten(t *testing.T) {
	a, b := net.Pipe()
	defer func() { _, _ = a.Close(), b.Close() }()
	w := newWire(a, 0, 0)
	read := make(chan string)
	go func() {
		p := make([]byte, 8)
		n, _ := w.Read(p)
		read <- string(p[:n])
	}()
	go func() {
		_, _ = b.Write([]byte("early"))
	}()
	go func() {
		p := make([]byte, 8)
		_, _ = b.Read(p)
	}()
	select {
	case got := <-read:
		t.Fatalf("read %q before anything was written", got)
	default:
	}
	if _, err := w.Write([]byte("request")); err != nil {
		t.Fatal(err)
	}
	if got := <-read; got != "early" {
		t.Errorf("read %q", got)
	}
}

// FuzzHead feeds the recorder and the header parser with what peers might
// send: whatever it is, how it was cut into reads changes nothing, blocks are
// parts of what came, and a parsed header says the same when written again.
func FuzzHead(f *testing.F) {
	for _, s := range []string{
		"HTTP/1.1 200 OK\r\nA: b\r\na:  c \r\n d\r\n\r\nbody",
		"HTTP/1.1 100 C\r\n\r\nHTTP/1.0 204\n\n", "HTTP/1.1 103\r\n:x\r\n\r\n", "\r\n\r\n", "\n\n\n", "HTTP/1.1 101 S\r\n\r\n",
		"x\r\n0\r\nT: 1\r\n\r\n", "HTTP/1.1 200 \xff\r\n\xff: \xff\r\n\r\n", "HTTP/1.1 200 OK\r\nA:\r\n\t\r\n\r\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		whole, single := feed(data, false), feed(data, true)
		if d := cmp.Diff([][]byte{whole.final, bytes.Join(whole.interim, nil)}, [][]byte{single.final, bytes.Join(single.interim, nil)}); d != "" {
			t.Fatalf("depends on how it is cut:\n%s", d)
		}
		joined := append(bytes.Join(whole.interim, nil), whole.final...)
		if !bytes.HasPrefix(data, joined) {
			t.Fatalf("blocks %q are not the beginning of %q", joined, data)
		}
		parseTrailers(whole.tail)
		_, _, _, _ = parseStatusLine(data)
		h, err := parseFields(whole.final, 1)
		if err != nil {
			return
		}
		var again bytes.Buffer
		again.WriteString("HTTP/1.1 200 OK\r\n")
		for _, field := range h {
			again.WriteString(field.Name + ": " + field.Value + "\r\n")
		}
		again.WriteString("\r\n")
		h2, err := parseFields(again.Bytes(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(h, h2); d != "" {
			t.Fatalf("written again (-first +second):\n%s", d)
		}
	})
}
