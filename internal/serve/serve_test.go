package serve

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/proxydiag/proxydiag/internal/project"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/health"
)

// syncBuffer is a log that can be read while it is written.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// served is a server that runs.
type served struct {
	t      *testing.T
	url    string
	log    *syncBuffer
	cancel context.CancelFunc
	ended  chan error
}

// configured reads a file's section serve.
func configured(t *testing.T, text string) *Options {
	t.Helper()
	o := &Options{Redact: &Redactor{}, Tool: diag.Tool{Name: "proxydiag", Version: "test"}}
	_, err := project.Parse(filepath.Join(t.TempDir(), "p.yaml"), text, project.Options{
		Keys: []project.Key{{Name: "proxy"}}, Serve: func(n project.Node) { o.Config = Read(n) }, Secret: o.Redact.Add,
	})
	if err != nil {
		t.Fatal(err)
	}
	o.Config.Listen = "127.0.0.1:0"
	if o.Config.Drain == 0 {
		o.Config.Drain = time.Millisecond
	}
	return o
}

// start serves what options say until the test ends.
func start(t *testing.T, o *Options) *served {
	t.Helper()
	s := &served{t: t, log: &syncBuffer{}, ended: make(chan error, 1)}
	listening := make(chan net.Addr, 1)
	o.Listening = func(a net.Addr) { listening <- a }
	o.Log = slog.New(slog.NewTextHandler(s.log, nil))
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	go func() { s.ended <- Run(ctx, *o) }()
	select {
	case a := <-listening:
		s.url = "http://" + a.String()
	case err := <-s.ended:
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() { s.stop() })
	return s
}

// stop ends the server as a signal does.
func (s *served) stop() {
	s.cancel()
	if err := <-s.ended; err != nil {
		s.t.Error(err)
	}
	s.ended <- nil
}

// get asks once.
func (s *served) get(path string, header ...string) (int, string) {
	s.t.Helper()
	req, err := http.NewRequest("GET", s.url+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
	resp, err := client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// until asks again and again until an answer is as it should be.
func (s *served) until(path string, ok func(status int, text string) bool, header ...string) {
	s.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		status, text := s.get(path, header...)
		if ok(status, text) {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%s stays at %d: %s\n%s", path, status, text, s.log)
		}
	}
}

func status(want int) func(int, string) bool {
	return func(got int, _ string) bool { return got == want }
}

// stackOf is a stack whose report the test decides on.
func stackOf(name string, rep func() diag.Report) Stack {
	return Stack{
		Name: name,
		Run: func(context.Context) (*diag.Record, diag.Report, error) {
			r := rep()
			if r.Version == 0 {
				return nil, r, errors.New("it cannot be read: password=hunter2")
			}
			return &diag.Record{}, r, nil
		},
		Sweep: func(context.Context, time.Duration) ([]string, error) { return []string{"proxydiag-main-1.bin"}, nil },
	}
}

func reportOf(status diag.Verdict, findings ...diag.Finding) diag.Report {
	r := diag.Report{Version: 1, Status: status, Culprit: diag.PartNone, Findings: findings, Started: time.Now(), Stack: diag.Stack{Proxy: "http://proxy/", Backend: "http://backend/", Storage: "/srv"}}
	if len(findings) > 0 {
		r.Culprit = findings[0].Culprit
	}
	return r
}

func finding(severity diag.Severity) diag.Finding {
	return diag.Finding{Code: "a-code", Severity: severity, Culprit: diag.PartHandoff, Title: "the handoff is wrong"}
}

const token = "\nserve:\n  allow: 127.0.0.1\n  interval: 1s\n"

// TestStacks: a stack goes bad and recovers; what is told follows.
func TestStacks(t *testing.T) {
	t.Parallel()
	var rep atomic.Value
	rep.Store(reportOf(diag.Healthy))
	o := configured(t, token)
	o.Stacks = []Stack{stackOf("downloads", func() diag.Report { return rep.Load().(diag.Report) })}
	s := start(t, o)
	for _, c := range []struct {
		report diag.Report
		status int
		text   string
	}{
		{reportOf(diag.Healthy), 200, "UP stack/downloads"},
		{reportOf(diag.Misconfigured, finding(diag.Error)), 503, "handoff misconfigured: the handoff is wrong (a-code)"},
		{reportOf(diag.Misconfigured, finding(diag.Warning)), 200, "DEGRADED stack/downloads"},
		{reportOf(diag.Inconclusive), 503, "inconclusive"},
		{reportOf(diag.Healthy, finding(diag.Info)), 200, "UP stack/downloads"},
		{diag.Report{}, 503, "it cannot be read: password=…"},
	} {
		rep.Store(c.report)
		s.until("/healthz", func(status int, text string) bool { return status == c.status && strings.Contains(text, c.text) }, "Accept", "text/plain")
	}
	if !strings.Contains(s.log.String(), "proxydiag-main-1.bin") || strings.Contains(s.log.String(), "hunter2") {
		t.Errorf("log: %s", s.log)
	}
	rep.Store(reportOf(diag.Misconfigured, finding(diag.Error)))
	s.until("/status", func(_ int, text string) bool {
		return strings.Contains(text, "The way of a download") && strings.Contains(text, "<h3") && strings.Count(text, "<h1") == 1
	}, "Accept", "text/html")
	s.until("/metrics", func(_ int, text string) bool {
		return strings.Contains(text, `proxydiag_finding{code="a-code",culprit="handoff",severity="error",stack="downloads"} 1`)
	})
	s.until("/probe?stack=downloads", func(_ int, text string) bool { return strings.Contains(text, "probe_success 0") })
}

// TestHidden: who may see states only learns nothing of what was found, at no
// path and in no format.
func TestHidden(t *testing.T) {
	t.Parallel()
	o := configured(t, "serve: {interval: 1m}\n")
	o.Stacks = []Stack{stackOf("downloads", func() diag.Report { return reportOf(diag.Misconfigured, finding(diag.Error)) })}
	s := start(t, o)
	s.until("/healthz", func(_ int, text string) bool { return strings.Contains(text, "DOWN stack/downloads") }, "Accept", "text/plain")
	for _, path := range []string{"/healthz", "/healthz/downloads", "/status", "/feed.atom", "/metrics", "/probe?stack=downloads", "/readyz"} {
		for _, accept := range []string{"text/html", "application/json", "application/health+json", "text/plain"} {
			_, text := s.get(path, "Accept", accept)
			for _, secret := range []string{"a-code", "handoff", "/srv", "http://proxy", "The way of"} {
				if strings.Contains(text, secret) {
					t.Errorf("%s as %s shows %q", path, accept, secret)
				}
			}
		}
	}
}

// TestState: results and changes outlive the process, also one that is killed.
func TestState(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "state.json")
	o := configured(t, token)
	o.Config.State = file
	o.Stacks = []Stack{stackOf("downloads", func() diag.Report { return reportOf(diag.Misconfigured, finding(diag.Error)) })}
	s := start(t, o)
	s.until("/healthz/downloads", func(_ int, text string) bool { return strings.Contains(text, "a-code") })
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) { // without an end in good order
		if st, err := readState(file); err == nil && len(st.Health.Results) == 1 {
			break
		} else if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s.stop()
	if err := os.WriteFile(file, kept, 0o600); err != nil {
		t.Fatal(err)
	}

	o = configured(t, strings.Replace(token, "1s", "1h", 1))
	o.Config.State = file
	hang := make(chan struct{})
	st := stackOf("downloads", nil)
	st.Run = func(ctx context.Context) (*diag.Record, diag.Report, error) {
		close(hang)
		<-ctx.Done()
		return nil, diag.Report{}, ctx.Err()
	}
	o.Stacks = []Stack{st}
	s = start(t, o)
	if status, text := s.get("/healthz/downloads", "Accept", "text/plain"); status != 503 || !strings.Contains(text, "a-code") {
		t.Errorf("%d %s", status, text)
	}
	if _, text := s.get("/status"); !strings.Contains(text, "The way of a download") || !strings.Contains(text, "Last changes") {
		t.Errorf("the page has lost its memory: %s", text)
	}
	<-hang
	s.stop()

	for text, want := range map[string]string{"other: file\n": "holds something else", `{"a": 1}`: "holds something else", `{"proxydiag_state": 99}`: "version 99", `{"a": `: "holds something else"} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		o.Log = slog.New(slog.DiscardHandler)
		if _, err := newServer(*o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
		if now, _ := os.ReadFile(file); string(now) != text {
			t.Errorf("a file of someone else's was changed: %s", now)
		}
	}
	for _, text := range []string{string(kept[:len(kept)/2]), strings.Repeat("\x00", 100)} { // as crashes of machines leave them
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := newServer(*o); err != nil {
			t.Error(err)
		}
		if st, err := readState(file); err != nil || len(st.Health.Results) > 0 {
			t.Errorf("%v %v", st, err)
		}
	}
}

// TestDraining: when it ends, it is not ready, and checks may clean up.
func TestDraining(t *testing.T) {
	t.Parallel()
	var cleaned atomic.Bool
	started := make(chan struct{})
	o := configured(t, "serve: {drain: 3s, allow: 127.0.0.1, interval: 1m}\n")
	st := stackOf("downloads", nil)
	st.Run = func(ctx context.Context) (*diag.Record, diag.Report, error) {
		close(started)
		<-ctx.Done()
		cleaned.Store(true)
		return nil, diag.Report{}, ctx.Err()
	}
	o.Stacks = []Stack{st}
	s := start(t, o)
	if status, _ := s.get("/readyz"); status != 200 {
		t.Errorf("%d before", status)
	}
	<-started
	s.cancel()
	s.until("/readyz", func(status int, text string) bool { return status == 503 && strings.Contains(text, "about to end") })
	if status, _ := s.get("/livez"); status != 200 {
		t.Errorf("the process is there: %d", status)
	}
	s.stop()
	if !cleaned.Load() {
		t.Error("the check was not waited for")
	}
	if _, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://")); err == nil {
		t.Error("it still listens")
	}
}

// TestSlowCallers: a thousand who send their requests slowly keep nobody out.
func TestSlowCallers(t *testing.T) {
	t.Parallel()
	o := configured(t, "serve:\n  checks: {a: {command: 'true'}}\n  connections: 100\n")
	s := start(t, o)
	s.until("/healthz", status(200))
	var conns []net.Conn
	defer func() {
		for _, c := range conns {
			c.Close()
		}
	}()
	addr := strings.TrimPrefix(s.url, "http://")
	for i := range 1000 {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, c)
		fmt.Fprintf(c, "GET /healthz HTTP/1.1\r\nHost: x\r\nX-%d: ", i)
		if i%100 == 99 {
			began := time.Now()
			if status, _ := s.get("/healthz"); status != 200 || time.Since(began) > 2*time.Second {
				t.Errorf("with %d slow ones: %d after %s", i+1, status, time.Since(began))
			}
		}
	}
	resp, err := http.Get(s.url + "/" + strings.Repeat("a", 100_000))
	if err == nil {
		resp.Body.Close()
		if resp.StatusCode != 431 {
			t.Errorf("a large head: %d", resp.StatusCode)
		}
	}
}

// TestLimiter: one that is being answered stays.
func TestLimiter(t *testing.T) {
	t.Parallel()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := limit(inner, 1)
	entered, release := make(chan struct{}), make(chan struct{})
	srv := &http.Server{ConnContext: l.context, Handler: l.handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(entered); <-release }))}
	go srv.Serve(l)
	defer srv.Close()
	first, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	fmt.Fprint(first, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	<-entered
	second, err := net.Dial("tcp", inner.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	fmt.Fprint(second, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	second.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := second.Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("there is room for one: %v", err)
	}
	close(release)
	resp, err := http.ReadResponse(bufio.NewReader(first), nil)
	if err != nil || resp.StatusCode != 200 {
		t.Error(err)
	}
	resp.Body.Close()
}

// certify writes a certificate of its own for a name.
func certify(t *testing.T, dir, name string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	about := &x509.Certificate{SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, about, about, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for file, block := range map[string]*pem.Block{"cert.pem": {Type: "CERTIFICATE", Bytes: cert}, "key.pem": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := replaceFile(filepath.Join(dir, file), pem.EncodeToMemory(block)); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTLS: a certificate is read again when it changes; one that is broken
// leaves the old one in use.
func TestTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certify(t, dir, "one")
	o := configured(t, "serve:\n  checks: {a: {command: 'true'}}\n  tls: {cert: "+dir+"/cert.pem, key: "+dir+"/key.pem}\n")
	s := start(t, o)
	subject := func() string {
		conn, err := tls.Dial("tcp", strings.TrimPrefix(s.url, "http://"), &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].Subject.CommonName
	}
	if got := subject(); got != "one" {
		t.Errorf("%s", got)
	}
	certify(t, dir, "two")
	if got := subject(); got != "two" {
		t.Errorf("%s", got)
	}
	if err := os.WriteFile(filepath.Join(dir, "cert.pem"), []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := subject(); got != "two" || !strings.Contains(s.log.String(), "stays in use") {
		t.Errorf("%s: %s", got, s.log)
	}
	s.url = "https" + strings.TrimPrefix(s.url, "http")
	if status, _ := s.get("/ping"); status != 200 {
		t.Errorf("%d", status)
	}
	_, err := tls.Dial("tcp", strings.TrimPrefix(s.url, "https://"), &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10})
	if err == nil {
		t.Error("TLS 1.1 is spoken")
	}
}

// TestToken: the token is read again when its file changes, and is never told.
func TestToken(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "token")
	write := func(text string) {
		if err := replaceFile(file, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	write("first-token\n")
	o := configured(t, "serve:\n  checks: {a: {command: 'echo first-token; exit 1'}}\n  token_file: "+file+"\n")
	s := start(t, o)
	with := func(token string) int {
		status, _ := s.get("/metrics", "Authorization", "Bearer "+token)
		return status
	}
	if with("first-token") != 200 || with("second-token") != 401 {
		t.Error("the first token")
	}
	s.until("/healthz", func(_ int, text string) bool { return strings.Contains(text, "exit status 1: …") }, "Authorization", "Bearer first-token", "Accept", "text/plain")
	write("second-token")
	if with("first-token") != 401 || with("second-token") != 200 {
		t.Error("the second token")
	}
	write("")
	if with("second-token") != 401 || with("") != 401 {
		t.Error("no token lets nobody in")
	}
	if strings.Contains(s.log.String(), "first-token") {
		t.Error(s.log)
	}
	o.Config.TokenFile = file + "-first-token" // who writes the token there
	if _, err := newServer(*o); err == nil || strings.Contains(err.Error(), "first-token") {
		t.Error(err)
	}
}

// TestTemplates: the page and the JSON are the user's.
func TestTemplates(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := configured(t, "serve:\n  checks: {a: {command: 'true'}}\n  templates: "+dir+"\n")
	o.Log = slog.New(slog.DiscardHandler)
	for _, c := range []struct{ name, text, want string }{
		{"", "", "has neither page.html nor health.json"},
		{"page.html", "{{.Nothing}}", "can't evaluate field Nothing"},
		{"page.html", "{{range .Results}}<b>{{.Name}}</b>{{end}}", ""},
		{"health.json", "{", "does not make JSON"},
		{"health.json", `{"ok": {{json .OK}}, "title": {{json .Title}}}`, ""},
	} {
		if c.name != "" {
			put(c.name, c.text)
		}
		if _, err := newServer(*o); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", c.text, err)
		}
	}
	s := start(t, o)
	s.until("/healthz", status(200))
	if _, text := s.get("/healthz"); text != `{"ok": true, "title": "proxydiag"}` {
		t.Error(text)
	}
	if _, text := s.get("/status"); text != "<b>a</b>" {
		t.Error(text)
	}
}

// TestProbe: only targets that the module takes, and what is found.
func TestProbe(t *testing.T) {
	t.Parallel()
	up := start(t, configured(t, "serve:\n  checks: {a: {command: 'true'}}\n"))
	addr := strings.TrimPrefix(up.url, "http://")
	o := configured(t, `
serve:
  allow: 127.0.0.1
  modules:
    ping: {targets: [127.0.0.0/8, "*.invalid"], check: {http: "http://{target}/ping", contains: pong}}
    stack: {targets: "h*.example:80*", stack: {proxy: "http://{target}/dl/"}}
`)
	swept := make(chan time.Duration, 10)
	o.Bind = func(name string, settings []project.Setting) (Stack, error) {
		if name != "stack" || len(settings) != 1 {
			t.Errorf("%s %v", name, settings)
		}
		st := Stack{Name: name, Settings: settings}
		st.Sweep = func(_ context.Context, age time.Duration) ([]string, error) { swept <- age; return nil, nil }
		st.Run = func(context.Context) (*diag.Record, diag.Report, error) {
			if strings.Contains(settings[0].Values[0], "h2.example") {
				return &diag.Record{}, reportOf(diag.Misconfigured, finding(diag.Error)), nil
			}
			return &diag.Record{}, reportOf(diag.Healthy), nil
		}
		return st, nil
	}
	s := start(t, o)
	for path, want := range map[string]string{
		"?target=" + addr + "&module=ping":            "200 probe_success 1",
		"?target=127.0.0.1:1&module=ping":             "200 probe_success 0",
		"?target=nowhere.invalid&module=ping":         "200 probe_success 0",
		"?target=h1.example:80&module=stack":          "200 probe_success 1",
		"?target=H2.example:8080&module=stack":        "200 probe_success 1",
		"?target=h2.example:8080&module=stack":        `200 proxydiag_probe_finding{code="a-code",culprit="handoff",severity="error"} 1`,
		"?target=h1.example:443&module=stack":         "400 the module does not take this target",
		"?target=192.0.2.1&module=ping":               "400 the module does not take this target",
		"?target=[::1]:80&module=ping":                "400 the module does not take this target",
		"?target=127.0.0.1:80/x&module=ping":          "400 the target is no HOST",
		"?target=a@127.0.0.1&module=ping":             "400 the target is no HOST",
		"?target=127.0.0.1%23&module=ping":            "400 the target is no HOST",
		"?target=127.0.0.1:80&module=none":            "400 there is no such module",
		"?stack=none":                                 "400 there is no such stack",
		"":                                            "400 ask for",
		"?stack=a&target=127.0.0.1&module=ping":       "400 ask for",
		"?target=x%0d%0aHost:y.invalid&module=ping":   "400 the target is no HOST",
		"?target=$%7Benv:HOME%7D.invalid&module=ping": "400 the target is no HOST",
	} {
		status, text := s.get("/probe" + path)
		code, rest, _ := strings.Cut(want, " ")
		if fmt.Sprint(status) != code || !strings.Contains(text, rest) {
			t.Errorf("%s: %d %s, want %s", path, status, text, want)
		}
	}
	s.stop()
	if age := <-swept; len(swept) > 0 || age != time.Hour {
		t.Errorf("one storage was swept %d times, and for %s", len(swept)+1, age)
	}
}

// TestOutside: for who is outside of public there is nothing, whatever they ask
// for and bring.
func TestOutside(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("a-token"), 0o600); err != nil {
		t.Fatal(err)
	}
	s := start(t, configured(t, "serve:\n  checks: {a: {command: 'true'}}\n  public: 10.0.0.0/8\n  allow: 127.0.0.1\n  token_file: "+file+"\n"))
	inside := start(t, configured(t, "serve:\n  checks: {a: {command: 'true'}}\n  public: 10.0.0.0/8\n  trusted_proxies: 127.0.0.1\n"))
	_, absent := s.get("/nothing")
	for _, path := range []string{"/healthz", "/healthz/a", "/readyz", "/livez", "/ping", "/status", "/metrics", "/probe", "/feed.atom", "/healthz?fresh=1"} {
		if status, text := s.get(path, "Authorization", "Bearer a-token", "X-Forwarded-For", "10.1.2.3"); status != 404 || text != absent {
			t.Errorf("%s: %d %s", path, status, text)
		}
		if status, _ := inside.get(path, "X-Forwarded-For", "10.1.2.3"); status == 404 {
			t.Errorf("%s: %d behind a trusted proxy", path, status)
		}
		if status, _ := inside.get(path, "X-Forwarded-For", "10.1.2.3, 192.0.2.1"); status != 404 {
			t.Errorf("%s: %d for somebody outside behind a trusted proxy", path, status)
		}
	}
}

// TestReadProblems: what is wrong is told at its place, all at once.
func TestReadProblems(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"serve: {listen: nowhere}":                                                 "listen: \"nowhere\" is no HOST:PORT",
		"serve: {interval: 0s}":                                                    "interval: \"0s\" is too short; 1s is the least",
		"serve: {drain: 0s}":                                                       "drain: \"0s\" is too short; 1ms is the least",
		"serve: {checks: {a: {command: x, interval: 999ms}}}":                      "p.yaml:1:44: interval: \"999ms\" is too short; 1s is the least",
		"serve: {intervall: 1s}":                                                   "there is no setting intervall",
		"serve: {allow: [10.0.0.0/99]}":                                            "is neither an address nor a network",
		"serve: {tls: {cert: x}}":                                                  "cert and key belong together",
		"serve: {fail_status: 100}":                                                "100 is no final status",
		"serve: {checks: {a: {htttp: x}}}":                                         "one setting says what is checked: celery, command, ",
		"serve: {checks: {a: {http: x}}}":                                          "the check a: http: write the URL like",
		"serve: {checks: {a: {http: 'http://h/', stauts: 1}}}":                     "there is no setting stauts",
		"serve: {checks: {a: {http: 'http://h/', tls: 'h:1'}}}":                    "http and tls cannot stand together",
		"serve: {fail_status: 204}":                                                "the status 204 has no content",
		"serve: {checks: {a: {http: '${env:NOT_SET_AT_ALL}'}}}":                    "the environment variable NOT_SET_AT_ALL is not set",
		"serve: {checks: x}":                                                       "is to hold names and values",
		"serve: {stacks: {a: {fail_on: bad}}}":                                     "is no severity",
		"serve: {modules: {m: {targets: x}}}":                                      "give it either stack or check",
		"serve: {modules: {m: {check: {http: 'http://{target}/'}}}}":               "targets says which targets",
		"serve: {modules: {m: {targets: x, check: {http: '{target}'}}}}":           "http: write the URL like",
		"serve: {modules: {m: {targets: '[', check: {http: 'http://{target}/'}}}}": "is no pattern",
	} {
		_, err := project.Parse("p.yaml", text, project.Options{Serve: func(n project.Node) { Read(n) }})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
			continue
		}
		if lines := strings.Count(err.Error(), "p.yaml:"); lines != 1 {
			t.Errorf("%s: told %d times: %v", text, lines, err)
		}
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	r := &Redactor{}
	r.Add("hush-hush")
	r.Add("abc")
	r.Add("https://bob:p%40ss-word@hooks.example.org/services/T012/B345/key?id=long-enough-1&full=true")
	r.Add("a b/c\"d")
	for text, want := range map[string]string{
		"a hush-hush b":                                          "a … b",
		"dial postgres://bob:pw@db/x: refused":                   "dial postgres://…@db/x: refused",
		"Authorization: Bearer abcdef":                           "Authorization: Bearer …",
		"?X-Amz-Signature=12&b=1":                                "?X-Amz-Signature=…&b=1",
		"lookup hooks.example.org: no such host":                 "lookup hooks.example.org: no such host",
		"user bob:p@ss-word, bob:p%40ss-word":                    "user bob:…, bob:…",
		"it moved to /services/T012/B345/key":                    "it moved to …",
		"GET /services/T012/B345/key?id=long-enough-1&full=true": "GET …",
		"bad id long-enough-1, full=true":                        "bad id …, full=true",
		"a+b%2Fc%22d or a b/c\\\"d or a%20b%2Fc%22d":             "… or … or …",
		"password: hunter2, user: bob":                           "password: …, user: bob",
		"abc stays, as it is short: http://h/a@b ok":             "abc stays, as it is short: http://h/a@b ok",
	} {
		if got := r.Redact(text); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}

// TestSchema: the schema knows the settings that are read.
func TestSchema(t *testing.T) {
	t.Parallel()
	text, err := json.Marshal(Schema(project.Object{"$ref": "#"}))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"trusted_proxies"`, `"fail_on"`, `"required":["http"]`, `"targets"`, `"critical"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the schema lacks %s", want)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add("serve: {checks: {a: {http: 'http://h/'}}, modules: {m: {targets: x, stack: {proxy: 'http://{target}/'}}}}")
	f.Add("serve: &x {modules: {m: *x, n: {targets: [a], check: *x}}}")
	f.Add("a: &a [x]\nserve: {public: [*a, 1], checks: {a: *a}, tls: *a, stacks: {<<: *a}}")
	f.Fuzz(func(t *testing.T, text string) {
		_, err := project.Parse("p.yaml", text, project.Options{
			Keys: []project.Key{{Name: "proxy"}, {Name: "header", List: true}},
			Env:  func(string) (string, bool) { return "", false },
			Serve: func(n project.Node) {
				if Read(n) == nil {
					t.Error("nothing")
				}
			},
		})
		if err != nil && err.Error() == "" {
			t.Error("an error without words")
		}
	})
}

// TestTemplateOfDocs: the template that docs/serve.md shows makes what it looks like.
func TestTemplateOfDocs(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/serve.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile(`(?s)\n    \{"ok": .*?\n    \}\}\n`).Find(text)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "health.json"), shown, 0o600); err != nil {
		t.Fatal(err)
	}
	list, _, err := renderers(dir, health.PageOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := list[0].Render(&got, health.View{Results: []health.Result{{Name: "a", State: health.Down}, {Name: "b", State: health.Up}}}); err != nil {
		t.Fatal(err)
	}
	if want := `{"ok":false,"states":{"a":"down","b":"up"}}`; strings.Join(strings.Fields(got.String()), "") != want {
		t.Error(got.String())
	}
}
