package checks

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"encoding/pem"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// mailServer answers as one does that says greeting, and after EHLO what it
// offers. It lets bob in, whose password is hush. Where security is "tls" it speaks TLS from the first byte.
type mailServer struct {
	greeting, offers, answer, security string
}

// start starts the server until the test ends.
func (s mailServer) start(t *testing.T, config *tls.Config) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go s.serve(conn, config)
		}
	}()
	return l.Addr().String()
}

func (s mailServer) serve(conn net.Conn, config *tls.Config) {
	defer func() { _ = conn.Close() }()
	say := func(line string) { _, _ = conn.Write([]byte(line + "\r\n")) }
	if s.security == "tls" {
		conn = tls.Server(conn, config)
	}
	say(s.greeting)
	r := bufio.NewReader(conn)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		switch verb, _, _ := strings.Cut(strings.ToUpper(strings.TrimSpace(line)), " "); verb {
		case "EHLO":
			if s.offers != "" {
				say("250-mail.test")
			}
			say("250 " + s.offers)
		case "HELO":
			say("250 mail.test")
		case "STARTTLS":
			say(s.answer)
			if strings.HasPrefix(s.answer, "220") {
				conn = tls.Server(conn, config)
				r = bufio.NewReader(conn)
			}
		case "AUTH":
			if strings.TrimSpace(line) == "AUTH PLAIN "+base64.StdEncoding.EncodeToString([]byte("\x00bob\x00"+hush)) {
				say("235 welcome")
			} else {
				say("535 5.7.8 wrong: " + line[:len(line)-2])
			}
		case "QUIT":
			say("221 bye")
			return
		default:
			say("500 what?")
		}
	}
}

func TestSMTP(t *testing.T) {
	t.Parallel()
	web := httptest.NewTLSServer(http.NotFoundHandler())
	defer web.Close()
	config := &tls.Config{Certificates: web.TLS.Certificates}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	good := mailServer{greeting: "220 mail.test ESMTP", offers: "STARTTLS", answer: "220 go on"}
	plain, busy, broken, wrapped := good, good, good, good
	plain.offers, busy.greeting, broken.answer, wrapped.security = "SIZE 10", "421 too many connections", "454 no key", "tls"
	wrapped.offers = "AUTH LOGIN PLAIN"
	addr, noTLS, all := good.start(t, config), plain.start(t, config), wrapped.start(t, config)
	outcomes(t, map[string][]Check{
		"": {&SMTP{Address: addr, Authority: file}, &SMTP{Address: addr, Authority: file, Security: "starttls"}, &SMTP{Address: addr, Insecure: true, ServerName: "x.test"},
			&SMTP{Address: addr, Security: "none"}, &SMTP{Address: noTLS}, &SMTP{Address: all, Security: "tls", Authority: file},
			&SMTP{Address: all, Security: "tls", Authority: file, User: "bob", Password: hush}},
		"it does not offer AUTH PLAIN":         {&SMTP{Address: addr, Authority: file, User: "bob", Password: hush}},
		"AUTH: 535 5.7.8 wrong: AUTH PLAIN …":  {&SMTP{Address: all, Security: "tls", Authority: file, User: "bob", Password: hush + "x"}},
		"invalid: user and password":           {&SMTP{Address: addr, User: "bob"}, &SMTP{Address: addr, Password: "x"}},
		"warning: it greets, and took":         {&SMTP{Address: noTLS, Warn: 1}},
		"it does not offer STARTTLS":           {&SMTP{Address: noTLS, Security: "starttls"}},
		"STARTTLS: tls: failed to verify":      {&SMTP{Address: addr}, &SMTP{Address: addr, Authority: file, ServerName: "x.test"}},
		"STARTTLS: 454 no key":                 {&SMTP{Address: broken.start(t, config)}},
		"it does not greet: 421 too many conn": {&SMTP{Address: busy.start(t, config)}},
		"it does not greet: tls: first record": {&SMTP{Address: addr, Security: "tls", Authority: file}},
		"dial tcp 127.0.0.1:1":                 {&SMTP{Address: "127.0.0.1:1"}},
		"the file of authorities":              {&SMTP{Address: addr, Authority: file + "x"}},
		"invalid: smtp: ":                      {&SMTP{}, &SMTP{Address: "mail.test"}},
		"invalid: security: ":                  {&SMTP{Address: addr, Security: "ssl"}},
	})
}

// nameServer answers each question with the records of its name and type.
func nameServer(t *testing.T, records map[string]dnsmessage.ResourceBody) string {
	t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	go func() {
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			q := m.Questions[0]
			m.Response, m.Additionals, m.RCode = true, nil, dnsmessage.RCodeNameError
			for key, body := range records {
				name, kind, _ := strings.Cut(key, " ")
				if name != q.Name.String() {
					continue
				}
				if m.RCode = dnsmessage.RCodeSuccess; kind == strings.TrimPrefix(q.Type.String(), "Type") {
					m.Answers = append(m.Answers, dnsmessage.Resource{Header: dnsmessage.ResourceHeader{Name: q.Name, Class: q.Class, TTL: 1}, Body: body})
				}
				if kind == "refused" {
					m.RCode = dnsmessage.RCodeRefused
				}
			}
			if text, err := m.Pack(); err == nil {
				_, _ = conn.WriteTo(text, from)
			}
		}
	}()
	return conn.LocalAddr().String()
}

func TestDNS(t *testing.T) {
	t.Parallel()
	mail := dnsmessage.MustNewName("mail.example.test.")
	s := nameServer(t, map[string]dnsmessage.ResourceBody{
		"www.example.test. A":         &dnsmessage.AResource{A: [4]byte{192, 0, 2, 7}},
		"www.example.test. AAAA":      &dnsmessage.AAAAResource{AAAA: [16]byte{0x20, 1, 0xd, 0xb8, 15: 1}},
		"example.test. MX":            &dnsmessage.MXResource{Pref: 10, MX: mail},
		"example.test. NS":            &dnsmessage.NSResource{NS: mail},
		"example.test. TXT":           &dnsmessage.TXTResource{TXT: []string{"v=spf1 -all"}},
		"_sip._tcp.example.test. SRV": &dnsmessage.SRVResource{Target: mail, Port: 5060},
		"7.2.0.192.in-addr.arpa. PTR": &dnsmessage.PTRResource{PTR: mail},
		"no.example.test. refused":    &dnsmessage.TXTResource{},
	})
	outcomes(t, map[string][]Check{
		"": {&DNS{Name: "www.example.test", Server: s}, &DNS{Name: "www.example.test", Server: s, Type: "a", Expect: []string{"192.0.2.7"}},
			&DNS{Name: "www.example.test.", Server: s, Type: "AAAA", Expect: []string{"2001:db8:0::1"}},
			&DNS{Name: "example.test", Server: s, Type: "MX", Expect: []string{"Mail.example.test"}}, &DNS{Name: "example.test", Server: s, Type: "NS"},
			&DNS{Name: "example.test", Server: s, Type: "TXT", Expect: []string{"v=spf1 -all"}},
			&DNS{Name: "_sip._tcp.example.test", Server: s, Type: "SRV", Expect: []string{"mail.example.test:5060"}},
			&DNS{Name: "192.0.2.7", Server: s, Type: "PTR", Expect: []string{"mail.example.test"}}, &DNS{Name: "localhost"}},
		"warning: 192.0.2.7, and took":               {&DNS{Name: "www.example.test", Server: s, Type: "A", Warn: 1}},
		"the answers are 192.0.2.7, without 192.0.2": {&DNS{Name: "www.example.test", Server: s, Type: "A", Expect: []string{"192.0.2.8"}}},
		"none.example.test: no such host":            {&DNS{Name: "none.example.test", Server: s}},
		"no.example.test: server misbehaving":        {&DNS{Name: "no.example.test", Server: s}},
		"invalid: dns: ":                             {&DNS{}, &DNS{Name: "http://x/"}, &DNS{Name: "www", Type: "PTR"}},
		"invalid: type: ":                            {&DNS{Name: "x", Type: "SOA"}},
		"invalid: server: ":                          {&DNS{Name: "x", Server: ":53"}},
	})
}
