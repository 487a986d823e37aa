package hostile_test

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/http2"

	"github.com/proxydiag/proxydiag/internal/hostile"
	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// peer is a server that is hostile or broken, whichever port it stands on.
type peer struct {
	name   string
	handle func(net.Conn)
	tls    bool // it is asked by https://files.example/
	client compare.Options

	failure compare.FailureKind // of the download on its port; "": none
	backend string              // the code of the only finding where it is the backend
	proxy   string              // where it is the proxy
	says    string              // a part of the finding's detail
	do      string              // a part of its fix where it is the proxy
}

const ok = "HTTP/1.1 200 OK\r\n"

func peers(t *testing.T) []peer {
	big := strings.Repeat("x", 4<<10)
	ca := hostile.NewAuthority(t)
	soon := time.Now().Add(time.Hour)
	old := ca.Issue(t, "files.example", soon)
	old.MinVersion, old.MaxVersion = 0x0301, 0x0302
	h2 := func(script func(*hostile.HTTP2)) func(net.Conn) {
		return hostile.OverTLS(ca.Issue(t, "files.example", soon, "h2"), hostile.SpeakingHTTP2(script))
	}
	good := hostile.Answering(ok + "Content-Length: 2\r\n\r\nhi")
	none, known := compare.Options{}, compare.Options{RootCAs: ca.Pool}
	const (
		noBackend, slowBackend, noHandoff = "backend-unreachable", "backend-timeout", "backend-no-handoff"
		noProxy, slowProxy, cut           = "proxy-unreachable", "proxy-timeout", "proxy-truncated"
		curl                              = "See what answers"
		speak                             = "does not speak HTTP as it should"
		log                               = "Look into the log"
	)
	return []peer{
		{"never answers", hostile.Holding(""), false, none, compare.Timeout, slowBackend, slowProxy, "did not answer", "timeouts"},
		{"one byte at a time", hostile.Dripping(ok+"Content-Length: 999999\r\n\r\n", brief/5), false, none, compare.Timeout, slowBackend, slowProxy, "did not send the whole body", "byte by byte"},
		{"stops in the body", hostile.Holding(ok + "Content-Length: 99\r\n\r\nhi"), false, none, compare.Timeout, slowBackend, slowProxy, "body", "stopped"},
		{"endless headers", hostile.Forever(ok, "X-A: "+big+"\r\n"), false, none, compare.TooLong, noBackend, noProxy, "header without end", curl},
		{"endless body", hostile.Forever(ok+"\r\n", big), false, none, compare.TooLong, noHandoff, "proxy-body-altered", "reading was stopped", curl},
		{"closes at once", func(net.Conn) {}, false, none, compare.Reset, noBackend, noProxy, "connection", log},
		{"resets", hostile.Resetting, false, none, compare.Reset, noBackend, noProxy, "reset the connection", log},
		{"closes in the header", hostile.Answering(ok + "X-A: 1\r\n"), false, none, compare.Reset, noBackend, noProxy, "without a complete answer", log},
		{"closes in the body", hostile.Answering(ok + "Content-Length: 99\r\n\r\nhi"), false, none, compare.ShortBody, noHandoff, cut, "declared 99 bytes and ended after 2", "error log"},
		{"malformed status line", hostile.Answering("HTTP/1.1 abc OK\r\n\r\n"), false, none, compare.Protocol, noBackend, noProxy, "malformed status line", speak},
		{"malformed field", hostile.Answering(ok + "no field\r\n\r\n"), false, none, compare.Protocol, noBackend, noProxy, "line 2 of the header", speak},
		{"two lengths", hostile.Answering(ok + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nhi"), false, none, compare.Protocol, noBackend, noProxy, "multiple Content-Length", speak},
		{"bad chunking", hostile.Answering(ok + "Transfer-Encoding: chunked\r\n\r\nzz\r\nhi\r\n"), false, none, compare.Protocol, noHandoff, cut, "not framed", "error log"},
		{"huge length", hostile.Answering(ok + "Content-Length: 9223372036854775807\r\n\r\nhi"), false, none, compare.ShortBody, noHandoff, cut, "declared 9223372036854775807 bytes", "error log"},
		{"1xx for ever", hostile.Forever("", "HTTP/1.1 102 Processing\r\nX-A: "+big+"\r\n\r\n"), false, none, compare.TooLong, noBackend, noProxy, "header without end", curl},
		{"another protocol", hostile.Holding("SSH-2.0-OpenSSH_9.2\r\n"), false, none, compare.Protocol, noBackend, noProxy, "SSH-2.0", speak},
		{"switches protocols", hostile.Answering("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"), false, none, compare.Protocol, noBackend, noProxy, "switches to another protocol", speak},
		{"redirect loop", redirecting, false, none, "", "backend-error-status", "proxy-redirects", "the URL that was asked for", "redirect"},
		{"TLS: wrong name", hostile.OverTLS(ca.Issue(t, "other.example", soon), good), true, known, compare.BadTLS, noBackend, noProxy, "is for other.example, not for files.example", "--resolve"},
		{"TLS: expired", hostile.OverTLS(ca.Issue(t, "files.example", time.Now().Add(-time.Hour)), good), true, known, compare.BadTLS, noBackend, noProxy, "expired", "Renew"},
		{"TLS: unknown authority", hostile.OverTLS(ca.Issue(t, "files.example", soon), good), true, none, compare.BadTLS, noBackend, noProxy, "Test Authority", "intermediate"},
		{"TLS: old version", hostile.OverTLS(old, good), true, known, compare.BadTLS, noBackend, noProxy, "TLS 1.2 or newer", "TLS 1.3"},
		{"TLS: none", good, true, known, compare.Protocol, noBackend, noProxy, "write http://", "scheme"},
		{"TLS: unexpected", hostile.OverTLS(ca.Issue(t, "files.example", soon), good), false, none, compare.Reset, noBackend, noProxy, "closed the connection", "https://"},
		{"HTTP/2: GOAWAY", h2(func(p *hostile.HTTP2) { _ = p.WriteGoAway(0, http2.ErrCodeEnhanceYourCalm, nil) }), true, known, compare.Reset, noBackend, noProxy, "GOAWAY", log},
		{"HTTP/2: RST_STREAM", h2(func(p *hostile.HTTP2) { _ = p.WriteRSTStream(1, http2.ErrCodeRefusedStream) }), true, known, compare.Reset, noBackend, noProxy, "RST_STREAM", log},
		{"HTTP/2: RST_STREAM in the body", h2(func(p *hostile.HTTP2) {
			p.Headers(false, ":status: 200", "content-length: 9")
			_ = p.WriteData(1, false, []byte("hell"))
			_ = p.WriteRSTStream(1, http2.ErrCodeCancel)
		}), true, known, compare.Reset, noHandoff, cut, "RST_STREAM", "error log"},
	}
}

// redirecting answers every request with a redirect to itself.
func redirecting(c net.Conn) {
	if r := hostile.ReadRequest(c); r != nil {
		fmt.Fprintf(c, "HTTP/1.1 302 Found\r\nLocation: http://%s%s\r\nContent-Length: 0\r\n\r\n", r.Host, r.URL.Path)
	}
}

// run is a diagnosis with one peer in it.
type run struct {
	peer
	role string
	rec  *diag.Record
}

// TestPeers runs the whole diagnosis with every peer on either port.
func TestPeers(t *testing.T) {
	var runs []*run
	var wg sync.WaitGroup
	slots := make(chan struct{}, 8) // most of the time is spent on waiting
	for _, p := range peers(t) {
		addr := hostile.Serve(t, p.handle)
		for _, role := range []string{"backend", "proxy", "proxy, with companion"} {
			r := &run{peer: p, role: role}
			runs = append(runs, r)
			slots <- struct{}{}
			wg.Go(func() {
				defer func() { <-slots }()
				r.rec = r.setup(addr).observe(t.Context(), t)
			})
		}
	}
	wg.Wait()
	for _, r := range runs {
		t.Run(r.name+"/"+r.role, r.judge)
	}
}

// setup puts the peer, which listens at addr, into its role.
func (r *run) setup(addr string) setup {
	s := setup{client: r.client, companion: r.role == "proxy, with companion"}
	if r.failure != compare.Timeout {
		s.client.Timeout = patient
	}
	if r.tls {
		s.scheme = "https"
		s.client.Resolve = map[string]string{"files.example:443": addr}
		addr = "files.example"
	}
	if r.role == "backend" {
		s.backend = addr
	} else {
		s.proxy = addr
	}
	return s
}

// judge holds the failure and the one finding against what they should be.
func (r *run) judge(t *testing.T) {
	id, code := diag.ProxyGet, r.proxy
	if r.role == "backend" {
		id, code = diag.BackendGet, r.backend
	}
	x := exchange(r.rec, id)
	if x == nil {
		t.Fatalf("%s was not sent", id)
	}
	kind := compare.FailureKind("")
	if x.Failure != nil {
		kind = x.Failure.Kind
	}
	if kind != r.failure {
		t.Errorf("failure %v, want %q", x.Failure, r.failure)
	}
	rep := judge(r.rec)
	if rep.Status != diag.Misconfigured || len(rep.Findings) != 1 {
		t.Fatalf("%s, want one finding: %s", rep.Status, codes(rep))
	}
	f := rep.Findings[0]
	if r.name == "endless body" && r.role == "proxy, with companion" {
		// It is known that nobody was asked; that the page is long matters less.
		code, r.says, r.do = "proxy-not-routed", "did not reach the application", "location"
	}
	if f.Code != code || !strings.Contains(f.Detail, r.says) {
		t.Errorf("%s: %s\nwant %s with %q", f.Code, f.Detail, code, r.says)
	}
	if r.role != "backend" && !strings.Contains(f.Fix, r.do) {
		t.Errorf("fix %q, want %q in it", f.Fix, r.do)
	}
	if r.rec.Left != nil {
		t.Errorf("left in the storage: %v", r.rec.Left)
	}
}

// codes are the findings of a report in short.
func codes(rep diag.Report) string {
	var b strings.Builder
	for _, f := range rep.Findings {
		fmt.Fprintf(&b, "\n%s: %s", f.Code, f.Detail)
	}
	return b.String()
}
