package appserver

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pairs are variables in the order in which they are sent.
type pairs [][2]string

// encode writes a request in a protocol.
func encode(t testing.TB, p Protocol, v pairs, body string) []byte {
	t.Helper()
	var block []byte
	switch p {
	case UWSGI:
		for _, pair := range v {
			for _, text := range pair {
				block = append(binary.LittleEndian.AppendUint16(block, uint16(len(text))), text...)
			}
		}
		head := binary.LittleEndian.AppendUint16([]byte{0}, uint16(len(block)))
		return append(append(append(head, 0), block...), body...)
	case SCGI:
		text := "CONTENT_LENGTH\x00" + strconv.Itoa(len(body)) + "\x00SCGI\x001\x00"
		for _, pair := range v {
			text += pair[0] + "\x00" + pair[1] + "\x00"
		}
		return fmt.Appendf(nil, "%d:%s,%s", len(text), text, body)
	case FastCGI:
		for _, pair := range v {
			block = fastcgiPair(block, pair[0], pair[1])
		}
		return bytes.Join([][]byte{beginRecord(0), records(fcgiParams, block), records(fcgiStdin, []byte(body))}, nil)
	}
	t.Fatalf("variables are not sent in %s", p)
	return nil
}

func beginRecord(flags byte) []byte {
	return oneRecord(fcgiBegin, 1, []byte{0, 1, flags, 0, 0, 0, 0, 0})
}

// records are the records of a stream, with padding, and its end.
func records(kind byte, content []byte) []byte {
	var b []byte
	for len(content) > 0 {
		n := min(len(content), 1000)
		b = append(b, oneRecord(kind, 1, content[:n])...)
		content = content[n:]
	}
	return append(b, oneRecord(kind, 1, nil)...)
}

func oneRecord(kind byte, id uint16, content []byte) []byte {
	padding := -len(content) & 7
	b := []byte{1, kind, byte(id >> 8), byte(id), byte(len(content) >> 8), byte(len(content)), byte(padding), 0}
	return append(append(b, content...), make([]byte, padding)...)
}

// answerOf reads an answer of a protocol: what a proxy makes of it.
func answerOf(t testing.TB, p Protocol, from *bufio.Reader) (*http.Response, string) {
	t.Helper()
	var text []byte
	var err error
	if p == FastCGI {
		text = stdoutOf(t, from)
	} else if text, err = io.ReadAll(from); err != nil {
		t.Fatal(err)
	}
	if rest, ok := bytes.CutPrefix(text, []byte("Status: ")); ok {
		text = append([]byte("HTTP/1.1 "), rest...)
	}
	r, err := http.ReadResponse(bufio.NewReader(bytes.NewReader(text)), nil)
	if err != nil {
		t.Fatalf("%v: %q", err, text)
	}
	_, body, _ := strings.Cut(string(text), "\r\n\r\n")
	return r, body
}

// stdoutOf reads the records of an answer until it ends.
func stdoutOf(t testing.TB, from io.Reader) []byte {
	t.Helper()
	var text []byte
	for {
		kind, _, content := readRecord(t, from)
		switch kind {
		case fcgiStdout:
			text = append(text, content...)
		case fcgiEnd:
			return text
		default:
			t.Fatalf("a record of type %d", kind)
		}
	}
}

func readRecord(t testing.TB, from io.Reader) (kind byte, id uint16, content []byte) {
	t.Helper()
	var head [8]byte
	if _, err := io.ReadFull(from, head[:]); err != nil {
		t.Fatal(err)
	}
	content = make([]byte, int(head[4])<<8+int(head[5])+int(head[6]))
	if _, err := io.ReadFull(from, content); err != nil {
		t.Fatal(err)
	}
	return head[1], uint16(head[2])<<8 | uint16(head[3]), content[:len(content)-int(head[6])]
}

// run starts a server on loopback and returns its address. Its log is the
// second result. It ends with the test.
func run(t testing.TB, s *Server) (string, *lines) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	out := &lines{}
	s.ErrorLog = log.New(out, "", 0)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx, l) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return l.Addr().String(), out
}

// lines is a log.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func dial(t testing.TB, addr string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// ask sends a request over a connection of its own.
func ask(t testing.TB, addr string, p Protocol, v pairs, body string) (*http.Response, string) {
	t.Helper()
	c := dial(t, addr)
	if _, err := c.Write(encode(t, p, v, body)); err != nil {
		t.Fatal(err)
	}
	return answerOf(t, p, bufio.NewReader(c))
}

// gateways are the protocols that send variables.
func gateways() []Protocol { return Protocols()[1:] }
