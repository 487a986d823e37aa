package sendfile

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// recording is a file of testdata/oracle: what a real server made of handoffs.
type recording struct {
	Server  string
	Handoff struct{ Name, Value string }
	Sets    map[string]http.Header

	Exchanges []struct {
		Set     string
		Method  string
		Size    int64
		Backend int `json:"backend_status"`
		Handoff bool
		Status  int
		Answer  http.Header
		Body    string
	}
}

func readRecording(t *testing.T, name string) recording {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "oracle", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var r recording
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Exchanges) == 0 {
		t.Fatalf("%s: no exchanges", name)
	}
	return r
}

// broken returns where an answer is not what is expected.
func broken(want Expected, backend, answer http.Header) []string {
	var faults []string
	named := map[string]bool{}
	for _, e := range want.Header {
		named[e.Name] = true
		got := answer.Values(e.Name)
		switch e.Fate {
		case Keep:
			if diff := cmp.Diff(e.Values, got); diff != "" {
				faults = append(faults, fmt.Sprintf("%s is not kept:\n%s", e.Name, diff))
			}
		case Own:
			if got == nil || e.Values != nil && !slices.Equal(e.Values, got) {
				faults = append(faults, fmt.Sprintf("%s is %q, want the proxy's own %q", e.Name, got, e.Values))
			}
		case Drop:
			if got != nil && slices.Equal(got, backend.Values(e.Name)) {
				faults = append(faults, fmt.Sprintf("%s is not dropped: %q", e.Name, got))
			}
		}
	}
	for name := range answer {
		if !named[name] {
			faults = append(faults, fmt.Sprintf("%s: %q is not foreseen", name, answer.Values(name)))
		}
	}
	for name := range backend {
		if !named[http.CanonicalHeaderKey(name)] {
			faults = append(faults, name+" of the backend is not named")
		}
	}
	slices.Sort(faults)
	return faults
}

// TestExpectRecorded holds the oracle to what the real servers did.
func TestExpectRecorded(t *testing.T) {
	for _, name := range []string{"nginx", "apache", "lighttpd", "caddy"} {
		t.Run(name, func(t *testing.T) {
			d := mustLookup(t, name, "")
			r := readRecording(t, name)
			if r.Handoff.Name != d.Header {
				t.Fatalf("recorded with %s, dialect has %s", r.Handoff.Name, d.Header)
			}
			for _, x := range r.Exchanges {
				backend := r.Sets[x.Set].Clone()
				if x.Backend != http.StatusNoContent && x.Backend != http.StatusNotModified {
					backend.Set("Content-Length", "0")
				}
				if x.Handoff {
					backend.Set(r.Handoff.Name, r.Handoff.Value)
				}
				want := d.Expect(x.Method, x.Backend, backend, x.Size)
				what := fmt.Sprintf("%s, %s %d, handoff %v, size %d", x.Set, x.Method, x.Backend, x.Handoff, x.Size)
				if want.Status != x.Status {
					t.Errorf("%s: status %d expected, %d recorded", what, want.Status, x.Status)
				}
				if d.Name == "apache" && x.Handoff && x.Backend != http.StatusOK {
					x.Answer.Del("X-Sendfile") // it leaks: recorded, and never right
				}
				for _, fault := range broken(want, backend, x.Answer) {
					t.Errorf("%s: %s", what, fault)
				}
			}
		})
	}
}

// TestExpectTight holds the oracle to saying no less than it knows: what a
// recorded server kept with the file is kept, what it lost is dropped, and the
// exceptions are listed.
func TestExpectTight(t *testing.T) {
	loose := map[string][]string{ // fields for which either is right
		"nginx":    {"Accept-Ranges", "Age", "Connection", "Content-Length", "Etag", "Keep-Alive", "Server", "Via", "Warning", "X-Hop"},
		"apache":   {"Accept-Ranges", "Age", "Connection", "Content-Length", "Content-Location", "Keep-Alive", "Location", "Refresh", "Server", "Via", "Warning", "X-Accel-Redirect", "X-Hop", "X-Lighttpd-Send-File", "X-Powered-By", "X-Sendfile2"},
		"lighttpd": {"Accept-Ranges", "Age", "Connection", "Content-Length", "Content-Location", "Keep-Alive", "Location", "Refresh", "Server", "Via", "Warning", "X-Accel-Redirect", "X-Hop", "X-Lighttpd-Send-File", "X-Powered-By", "X-Sendfile2"},
	}
	for name, free := range loose {
		d, r := mustLookup(t, name, ""), readRecording(t, name)
		for _, x := range r.Exchanges {
			if !x.Handoff || x.Body != "file" {
				continue
			}
			backend := r.Sets[x.Set].Clone()
			backend.Set(r.Handoff.Name, r.Handoff.Value)
			for _, e := range d.Expect(x.Method, x.Backend, backend, x.Size).Header {
				if backend.Values(e.Name) == nil || slices.Contains(free, e.Name) || isHandoff(e.Name) {
					continue
				}
				want := Drop
				if slices.Equal(backend.Values(e.Name), x.Answer.Values(e.Name)) {
					want = Keep
				} else if x.Answer.Values(e.Name) != nil {
					want = Own
				}
				if e.Fate != want {
					t.Errorf("%s, %s: %s is %v, recorded %v", name, x.Set, e.Name, e.Fate, want)
				}
			}
		}
	}
}

func TestExpectFacts(t *testing.T) {
	handoff := func(d Dialect) http.Header {
		return http.Header{d.Header: {"/x/a"}, "Content-Type": {"application/pdf"}, "X-Custom": {"1"}}
	}
	tests := []struct {
		dialect string
		status  int
		size    int64
		want    int
		rest    Fate
	}{
		{"nginx", 403, 5, 200, Drop},
		{"nginx", 200, -1, 404, Drop},
		{"apache", 403, 5, 403, Keep},
		{"apache", 200, 5, 200, Keep},
		{"lighttpd", 403, 5, 403, Keep},
		{"lighttpd", 403, -1, 403, Keep},
		{"lighttpd", 206, -1, 404, Drop},
		{"caddy", 304, 5, 200, MayOwn},
		{"litespeed", 200, 5, 200, MayOwn},
	}
	for _, tt := range tests {
		d := mustLookup(t, tt.dialect, "")
		got := d.Expect("GET", tt.status, handoff(d), tt.size)
		if got.Status != tt.want || got.Rest != tt.rest {
			t.Errorf("%s, %d, size %d: status %d, rest %v; want %d, %v", tt.dialect, tt.status, tt.size, got.Status, got.Rest, tt.want, tt.rest)
		}
		for _, e := range got.Header {
			if e.Why == "" {
				t.Errorf("%s: %s has no reason", tt.dialect, e.Name)
			}
		}
	}
}

// TestExpectCanonical: names in any case are one field.
func TestExpectCanonical(t *testing.T) {
	d := mustLookup(t, "nginx", "")
	got := d.Expect("GET", 200, http.Header{"x-accel-redirect": {"/p/a"}, "content-TYPE": {"text/plain"}}, 3)
	for _, e := range got.Header {
		if e.Name == "Content-Type" {
			if diff := cmp.Diff(Expectation{Name: "Content-Type", Fate: Keep, Values: []string{"text/plain"}, Why: e.Why}, e); diff != "" {
				t.Error(diff)
			}
			return
		}
	}
	t.Errorf("no Content-Type in %v", got)
}

func mustLookup(t testing.TB, name, version string) Dialect {
	t.Helper()
	d, err := Lookup(name, version)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
