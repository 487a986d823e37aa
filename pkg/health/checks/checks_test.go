package checks

import (
	"bytes"
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/proxydiag/proxydiag/pkg/health"
)

// TestKinds: names are unique and in order, what the first setting is called
// like the kind, and every setting is documented.
func TestKinds(t *testing.T) {
	var names []string
	for _, k := range Kinds() {
		names = append(names, k.Name)
		of := reflect.TypeOf(k.New()).Elem()
		if of.Field(0).Tag.Get("yaml") != k.Name || !regexp.MustCompile(`^[a-z][a-z0-9]*$`).MatchString(k.Name) || k.Title == "" {
			t.Errorf("%s: the first setting is %q", k.Name, of.Field(0).Tag.Get("yaml"))
		}
		for _, f := range reflect.VisibleFields(of) {
			if f.Tag.Get("yaml") == "-" {
				continue // no setting: serve sets it
			}
			if f.IsExported() && (f.Tag.Get("doc") == "" || f.Tag.Get("yaml") == "") {
				t.Errorf("%s: %s has no tag", k.Name, f.Name)
			}
		}
		if err := k.New().Validate(); err == nil {
			t.Errorf("%s: nothing is set, and that is fine", k.Name)
		}
	}
	if !slices.IsSorted(names) || len(slices.Compact(names)) != len(Kinds()) {
		t.Errorf("%v", names)
	}
}

// outcome is a check's error, marked where it is a warning, "" for none.
func outcome(t *testing.T, c Check) string {
	t.Helper()
	if err := c.Validate(); err != nil {
		return "invalid: " + err.Error()
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	_, err := c.Check(ctx)
	if w, ok := errors.AsType[*health.Warning](err); ok {
		return "warning: " + w.Error()
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// expect compares outcomes with the beginnings that are wanted, "" for a pass.
func expect(t *testing.T, name string, c Check, want string) {
	t.Helper()
	if got := outcome(t, c); !strings.HasPrefix(got, want) || want == "" && got != "" {
		t.Errorf("%s: %q, want %q", name, got, want)
	}
}

func TestHTTP(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "all is well, "+r.Header.Get("X-Name")+r.Host)
	})
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/none", 302) })
	mux.HandleFunc("/short", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "9")
		fmt.Fprint(w, "abc")
	})
	s := httptest.NewServer(mux)
	defer s.Close()
	secure := httptest.NewTLSServer(mux)
	defer secure.Close()
	secure.Config.ErrorLog = nil
	for want, list := range map[string][]*HTTP{
		"": {{URL: s.URL + "/ok"}, {URL: s.URL + "/moved"}, {URL: s.URL + "/none", Status: []int{404}}, {URL: s.URL + "/ok", Contains: "is well"},
			{URL: s.URL + "/ok", Header: []string{"X-Name: bob"}, Contains: "bob"}, {URL: s.URL + "/ok", Header: []string{"Host: h.example"}, Contains: "h.example"},
			{URL: s.URL + "/ok", Method: "HEAD"}, {URL: secure.URL + "/ok", Insecure: true}},
		"it answers 404":                       {{URL: s.URL + "/none"}},
		"it answers 302":                       {{URL: s.URL + "/moved", Status: []int{200}}},
		`it answers 200 without "absent"`:      {{URL: s.URL + "/ok", Contains: "absent"}},
		"it answers 200 and breaks off":        {{URL: s.URL + "/short"}},
		"warning: it answers 200, and took":    {{URL: s.URL + "/ok", Warn: 1}},
		"tls: failed to verify certificate":    {{URL: secure.URL + "/ok"}},
		"dial tcp 127.0.0.1:1: connect":        {{URL: "http://user:hush@127.0.0.1:1/"}},
		"invalid: http: write the URL":         {{URL: "ftp://x/"}, {URL: "x"}, {URL: "http:///x"}, {}},
		"invalid: method":                      {{URL: s.URL, Method: "POST"}},
		"invalid: contains":                    {{URL: s.URL, Method: "HEAD", Contains: "x"}},
		"invalid: status: 99 is none":          {{URL: s.URL, Status: []int{99}}},
		"invalid: header: write a field as NA": {{URL: s.URL, Header: []string{"x"}}, {URL: s.URL, Header: []string{"a b: c"}}},
	} {
		for _, c := range list {
			expect(t, fmt.Sprintf("%+v", c), c, want)
		}
	}
}

func TestTLS(t *testing.T) {
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	file := filepath.Join(t.TempDir(), "ca.pem")
	var text bytes.Buffer
	if err := pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	addr := s.Listener.Addr().String()
	const long = 100 * 365 * day
	for want, list := range map[string][]*TLS{
		"":                            {{Address: addr, Authority: file}, {Address: addr, Authority: file, ServerName: "example.com"}, {Address: addr, Insecure: true}},
		"certificate signed by":       {{Address: addr}},
		"certificate is valid for":    {{Address: addr, Authority: file, ServerName: "other.test"}},
		"warning: it is valid until ": {{Address: addr, Insecure: true, Warn: long}},
		"it is valid until":           {{Address: addr, Insecure: true, Warn: long, Fail: long}},
		"the file of authorities":     {{Address: addr, Authority: file + "x"}},
		"tls: first record":           {{Address: plain.Listener.Addr().String()}},
		"invalid: tls: ":              {{Address: "example.org"}, {}},
		"invalid: fail: ":             {{Address: addr, Warn: day, Fail: 2 * day}},
	} {
		for _, c := range list {
			expect(t, fmt.Sprintf("%+v", c), c, want)
		}
	}
}

func TestCommand(t *testing.T) {
	for want, list := range map[string][]*Command{
		"":                             {{Args: []string{"true"}}, {Args: []string{"sh", "-c", "exit 0"}}},
		"exit status 3: first":         {{Args: []string{"echo first; echo second; exit 3"}}},
		"exit status 1":                {{Args: []string{"false"}}},
		"warning: exit status 2: full": {{Args: []string{"echo full >&2; exit 2"}, Warn: []int{2}}},
		"signal: killed":               {{Args: []string{"kill -9 $$"}}},
		"invalid: command: exec":       {{Args: []string{"no-such-program", "x"}}},
		"invalid: command: it is":      {{}},
	} {
		for _, c := range list {
			expect(t, fmt.Sprintf("%+v", c), c, want)
		}
	}
	c := &Command{Args: []string{"echo 12 %"}}
	if o, err := c.Check(t.Context()); err != nil || o.Text != "12 %" {
		t.Errorf("%+v %v", o, err)
	}
}

// TestCommandEnds: when its time is over, a command ends with what it started.
func TestCommandEnds(t *testing.T) {
	file := filepath.Join(t.TempDir(), "pid")
	ctx, cancel := context.WithCancel(t.Context())
	c := &Command{Args: []string{"sleep 60 & echo $! > " + file + "x; mv " + file + "x " + file + "; wait"}}
	go func() {
		for ctx.Err() == nil {
			if _, err := os.Stat(file); err == nil {
				cancel()
			}
			time.Sleep(time.Millisecond)
		}
	}()
	if _, err := c.Check(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	pid, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	stat := "/proc/" + strings.TrimSpace(string(pid)) + "/stat"
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		text, err := os.ReadFile(stat)
		if err != nil || strings.Contains(string(text), ") Z ") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("it is still there: %s", text)
		}
	}
}
