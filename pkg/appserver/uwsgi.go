package appserver

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// readUWSGI reads the head of a uwsgi request: a byte that tells the kind of
// application (0 Python, 5 Perl, 7 Ruby, 14 PHP, …: all are sent the same), the
// size of the variables in two bytes, the smaller one first, another byte that
// tells more of the kind, and the variables. The body follows, CONTENT_LENGTH
// bytes long. The answer is one of HTTP/1 and ends with the connection. (uWSGI
// documentation, "The uwsgi Protocol".)
func readUWSGI(c *conn) (*incoming, error) {
	var head [4]byte
	if _, err := io.ReadFull(c.in, head[:]); err != nil {
		return nil, err
	}
	if looksLikeHTTP(head) {
		_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Type: text/plain\r\n\r\n"+
			"This port speaks uwsgi and was asked in HTTP.\n")
		return nil, errors.New("it is in HTTP")
	}
	block := make([]byte, binary.LittleEndian.Uint16(head[1:3]))
	if _, err := io.ReadFull(c.in, block); err != nil {
		return nil, fmt.Errorf("variables: %w", noEnd(err))
	}
	v, err := uwsgiVars(block)
	if err != nil {
		return nil, err
	}
	in, err := single(c, v)
	if in != nil {
		in.statusLine = "HTTP/1.1"
	}
	return in, err
}

// looksLikeHTTP says that a request begins with one of HTTP's usual methods; as a
// packet it would be one of more than 17,000 bytes.
func looksLikeHTTP(head [4]byte) bool {
	switch string(head[:]) {
	case "GET ", "HEAD", "POST", "PUT ", "OPTI", "DELE", "PATC":
		return true
	}
	return false
}

// uwsgiVars reads variables: name and value in turn, each behind its size in
// two bytes, the smaller one first.
func uwsgiVars(block []byte) (vars, error) {
	v := vars{}
	next := func() (string, bool) {
		if len(block) < 2 {
			return "", false
		}
		size := int(binary.LittleEndian.Uint16(block))
		if block = block[2:]; size > len(block) {
			return "", false
		}
		text := string(block[:size])
		block = block[size:]
		return text, true
	}
	for len(block) > 0 {
		name, ok := next()
		if !ok {
			return nil, errors.New("variables: a name that is longer than its packet")
		}
		value, ok := next()
		if !ok {
			return nil, errors.New("variables: a value that is longer than its packet")
		}
		v.add(name, value)
	}
	return v, nil
}

// single is the one request of a connection, whose body is as long as its
// variables say.
func single(c *conn, v vars) (*incoming, error) {
	length, err := v.length()
	if err != nil {
		return nil, err
	}
	return &incoming{vars: v, out: c, body: &body{in: c.in, left: length}, finish: func() error {
		c.closeWrite()
		return nil
	}}, nil
}

// body reads a body of known length. Where the connection ends before it does,
// that is an error.
type body struct {
	in   io.Reader
	left int64
}

func (b *body) Read(p []byte) (int, error) {
	if b.left == 0 {
		return 0, io.EOF
	}
	n, err := b.in.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if b.left > 0 {
		err = noEnd(err)
	}
	return n, err
}

// noEnd makes an end that comes too early an error of its own.
func noEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
