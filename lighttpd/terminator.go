package lighttpd

import (
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"sync"
)

// terminator speaks TLS in lighttpd's place: none of its modules for TLS need be
// on the machine. It tells lighttpd by the PROXY protocol that the connection
// is a secure one, so that $HTTP["scheme"] is https (mod_extforward,
// extforward.hap-PROXY).
type terminator struct {
	listener net.Listener
	to       string // lighttpd's address
	conns    sync.WaitGroup
}

// terminate listens on an address with a certificate.
func terminate(addr, to, cert, key string) (*terminator, error) {
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	l, err := tls.Listen("tcp", addr, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12})
	if err != nil {
		return nil, err
	}
	t := &terminator{listener: l, to: to}
	t.conns.Go(t.serve)
	return t, nil
}

func (t *terminator) serve() {
	for {
		conn, err := t.listener.Accept()
		if err != nil {
			return
		}
		t.conns.Go(func() { t.forward(conn) })
	}
}

// forward passes on what both sides say, until either ends.
func (t *terminator) forward(client net.Conn) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", t.to)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	if _, err := server.Write(secure(client.RemoteAddr(), client.LocalAddr())); err != nil {
		return
	}
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.(*net.TCPConn).CloseWrite()
		close(ended)
	}()
	_, _ = io.Copy(client, server)
	_ = client.Close()
	<-ended
}

func (t *terminator) close() { _ = t.listener.Close() }

// secure is the header of the PROXY protocol, version 2, for a connection over
// TLS (proxy-protocol.txt, sections 2.2 and 2.2.5).
func secure(from, to net.Addr) []byte {
	head := []byte("\r\n\r\n\x00\r\nQUIT\n\x21\x11")
	var body []byte
	address := func(a net.Addr) (net.IP, uint16) {
		tcp := a.(*net.TCPAddr)
		return tcp.IP.To4(), uint16(tcp.Port) //nolint:gosec // a port
	}
	source, sourcePort := address(from)
	target, targetPort := address(to)
	body = append(append(body, source...), target...)
	body = binary.BigEndian.AppendUint16(body, sourcePort)
	body = binary.BigEndian.AppendUint16(body, targetPort)
	body = append(body, 0x20, 0, 5, 1, 0, 0, 0, 0)                                 // PP2_TYPE_SSL: the client is connected over TLS, its certificate is none
	return append(binary.BigEndian.AppendUint16(head, uint16(len(body))), body...) //nolint:gosec // 20 bytes
}
