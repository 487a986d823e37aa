package appserver

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// readSCGI reads the head of an SCGI request: the variables, name and value in
// turn, a NUL behind each, all of them one netstring ("24:…,"). The body
// follows, CONTENT_LENGTH bytes long. The answer is one of CGI and ends with the
// connection. (SCGI: A Simple Common Gateway Interface alternative, sections 2 to 4.)
func readSCGI(c *conn) (*incoming, error) {
	size := 0
	for digits := 0; ; digits++ {
		b, err := c.in.ReadByte()
		if err != nil {
			if digits > 0 {
				err = noEnd(err)
			}
			return nil, err
		}
		if b == ':' && digits > 0 {
			break
		}
		if b < '0' || b > '9' || digits == 7 {
			return nil, errors.New("it does not begin with the size of its variables and a colon")
		}
		size = 10*size + int(b-'0')
	}
	if size > maxVars {
		return nil, fmt.Errorf("%d bytes of variables; at most %d are read", size, maxVars)
	}
	block := make([]byte, size+1)
	if _, err := io.ReadFull(c.in, block); err != nil {
		return nil, fmt.Errorf("variables: %w", noEnd(err))
	}
	if block[size] != ',' {
		return nil, errors.New("no comma after the variables")
	}
	v, err := scgiVars(string(block[:size]))
	if err != nil {
		return nil, err
	}
	return single(c, v)
}

// scgiVars reads variables. The rules that CONTENT_LENGTH comes first, that there is
// one called SCGI, and that none comes twice are not held: nothing depends on
// them, and proxies that are told to send more break them.
func scgiVars(block string) (vars, error) {
	v := vars{}
	for block != "" {
		name, rest, ok := strings.Cut(block, "\x00")
		value, rest, whole := strings.Cut(rest, "\x00")
		if !ok || !whole {
			return nil, errors.New("variables: one has no value")
		}
		v.add(name, value)
		block = rest
	}
	return v, nil
}
