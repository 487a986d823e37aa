package appserver

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

// FastCGI is spoken by hand, since net/http/fcgi loses what a download server needs:
// it takes REQUEST_URI away, refuses requests without REQUEST_METHOD or
// SERVER_PROTOCOL, reads unescaped paths as if they were escaped, and bounds
// neither variables nor time. (FastCGI Specification 1.0, sections 3 to 5, 8.)

// Types of records.
const (
	fcgiBegin        = 1
	fcgiAbort        = 2
	fcgiEnd          = 3
	fcgiParams       = 4
	fcgiStdin        = 5
	fcgiStdout       = 6
	fcgiGetValues    = 9
	fcgiValuesResult = 10
	fcgiUnknownType  = 11
)

// How a request ended.
const (
	fcgiComplete    = 0
	fcgiNoMultiplex = 1
	fcgiUnknownRole = 3
)

const (
	fcgiResponder  = 1
	fcgiKeep       = 1 // a flag
	fcgiMaxContent = 65535
)

// record is one record of a connection.
type record struct {
	kind    byte
	id      uint16
	content []byte
}

// fastcgi is a connection that speaks FastCGI, one request at a time.
type fastcgi struct {
	c  *conn
	id uint16 // of the request

	mu sync.Mutex // for writing
}

// readFastCGI reads a request but for its body.
func readFastCGI(c *conn) (*incoming, error) {
	f := &fastcgi{c: c}
	in := &incoming{vars: vars{}, out: f, finish: f.finish}
	begun := false
	var params []byte
	for {
		r, err := f.next()
		if err != nil {
			if begun {
				err = noEnd(err)
			}
			return nil, err
		}
		switch {
		case r.kind == fcgiBegin && !begun:
			if len(r.content) < 3 {
				return nil, errors.New("a request begins without a role")
			}
			if role := binary.BigEndian.Uint16(r.content); role != fcgiResponder {
				if err := f.end(r.id, fcgiUnknownRole); err != nil {
					return nil, err
				}
				continue
			}
			f.id, begun, in.keep = r.id, true, r.content[2]&fcgiKeep != 0
		case !begun || r.id != f.id:
			if err := f.aside(r); err != nil {
				return nil, err
			}
		case r.kind == fcgiAbort:
			if err := f.end(f.id, fcgiComplete); err != nil || !in.keep {
				return nil, errors.Join(io.EOF, err)
			}
			begun, params = false, nil
		case r.kind == fcgiParams && len(r.content) > 0:
			if params = append(params, r.content...); len(params) > maxVars {
				return nil, fmt.Errorf("more than %d bytes of variables", maxVars)
			}
		case r.kind == fcgiParams:
			in.body = &fcgiBody{f: f}
			return in, fastcgiVars(in.vars, params)
		default:
			return nil, fmt.Errorf("a record of type %d before the variables end", r.kind)
		}
	}
}

// next reads a record (section 3.3).
func (f *fastcgi) next() (record, error) {
	var head [8]byte
	if _, err := io.ReadFull(f.c.in, head[:]); err != nil {
		return record{}, err
	}
	if head[0] != 1 {
		return record{}, fmt.Errorf("it is no FastCGI: a record of version %d", head[0])
	}
	r := record{kind: head[1], id: binary.BigEndian.Uint16(head[2:4])}
	size, padding := int(binary.BigEndian.Uint16(head[4:6])), int(head[6])
	content := make([]byte, size+padding)
	if _, err := io.ReadFull(f.c.in, content); err != nil {
		return record{}, noEnd(err)
	}
	r.content = content[:size]
	return r, nil
}

// aside answers a record that does not belong to the request (sections 4.1, 4.2, 5.1).
func (f *fastcgi) aside(r record) error {
	switch {
	case r.id == 0 && r.kind == fcgiGetValues:
		return f.write(fcgiValuesResult, 0, fastcgiPair(nil, "FCGI_MPXS_CONNS", "0"))
	case r.id == 0:
		return f.write(fcgiUnknownType, 0, []byte{r.kind, 0, 0, 0, 0, 0, 0, 0})
	case r.kind == fcgiBegin:
		return f.end(r.id, fcgiNoMultiplex)
	}
	return nil // of a request that was refused
}

// Write sends a piece of the answer.
func (f *fastcgi) Write(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		n := min(len(p)-done, fcgiMaxContent)
		if err := f.write(fcgiStdout, f.id, p[done:done+n]); err != nil {
			return done, err
		}
		done += n
	}
	return done, nil
}

// finish ends the answer (section 5.5).
func (f *fastcgi) finish() error {
	return errors.Join(f.write(fcgiStdout, f.id, nil), f.end(f.id, fcgiComplete))
}

func (f *fastcgi) end(id uint16, how byte) error {
	return f.write(fcgiEnd, id, []byte{0, 0, 0, 0, how, 0, 0, 0})
}

func (f *fastcgi) write(kind byte, id uint16, content []byte) error {
	r := make([]byte, 8, 8+len(content))
	r[0], r[1] = 1, kind
	binary.BigEndian.PutUint16(r[2:], id)
	binary.BigEndian.PutUint16(r[4:], uint16(len(content)))
	f.mu.Lock()
	defer f.mu.Unlock()
	_, err := f.c.Write(append(r, content...))
	return err
}

// fcgiBody reads the body of a request: records until an empty one.
type fcgiBody struct {
	f    *fastcgi
	rest []byte
	err  error
}

func (b *fcgiBody) Read(p []byte) (int, error) {
	for len(b.rest) == 0 {
		if b.err != nil {
			return 0, b.err
		}
		r, err := b.f.next()
		switch {
		case err != nil:
			b.err = noEnd(err)
		case r.id != b.f.id:
			b.err = b.f.aside(r)
		case r.kind == fcgiStdin && len(r.content) == 0:
			b.err = io.EOF
		case r.kind == fcgiStdin:
			b.rest = r.content
		default: // aborted
			b.err = io.ErrUnexpectedEOF
		}
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// fastcgiVars reads variables: the sizes of name and value, in one byte or in
// four with the highest bit set, and both of them (section 3.4).
func fastcgiVars(v vars, block []byte) error {
	size := func() (int, bool) {
		if len(block) == 0 {
			return 0, false
		}
		n := int(block[0])
		if n < 0x80 {
			block = block[1:]
			return n, true
		}
		if len(block) < 4 {
			return 0, false
		}
		n = int(binary.BigEndian.Uint32(block) &^ (1 << 31))
		block = block[4:]
		return n, true
	}
	for len(block) > 0 {
		name, ok := size()
		value, also := size()
		if !ok || !also || name > len(block) || value > len(block)-name {
			return errors.New("variables: one is longer than its packet")
		}
		v.add(string(block[:name]), string(block[name:name+value]))
		block = block[name+value:]
	}
	return nil
}

// fastcgiPair appends a variable to a block.
func fastcgiPair(block []byte, name, value string) []byte {
	for _, text := range []string{name, value} {
		if len(text) < 0x80 {
			block = append(block, byte(len(text)))
		} else {
			block = binary.BigEndian.AppendUint32(block, uint32(len(text))|1<<31)
		}
	}
	return append(append(block, name...), value...)
}
