package check

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// seenOnce is a request that reached the companion.
var seenOnce = sendfile.Seen{Method: "GET", Path: "/dl/main.bin", Status: 200}

// recorded is a record made by hand of a stack whose download works. The main
// file is of 1600 bytes.
type recorded struct{ *diag.Record }

const (
	recordedSize = 1600
	recordedETag = `"5f5e100-640"`
	recordedDate = "Sat, 21 Nov 2026 03:00:00 GMT"
)

func record(exchanges ...diag.Exchange) recorded {
	r := recorded{&diag.Record{
		Stack:    diag.Stack{Sendfile: "nginx:/protected/", Companion: true, Backend: "http://b/dl/", Proxy: "http://p/dl/"},
		Fixtures: []diag.FixtureRecord{{Put: diag.Put{Role: diag.RoleMain, Size: recordedSize}, Name: "main.bin", FirstWrong: -1}},
	}}
	backend := got(diag.BackendGet, 200, 0, "X-Accel-Redirect", "/protected/main.bin")
	backend.Probe.Port, backend.Body.Match = diag.Backend, compare.Empty
	r.Exchanges = append([]diag.Exchange{backend, plain(diag.ProxyGet)}, exchanges...)
	return r
}

// file adds a fixture of another role.
func (r recorded) file(role string, size int64) recorded {
	r.Fixtures = append(r.Fixtures, diag.FixtureRecord{Put: diag.Put{Role: role, Size: size}, Name: role + ".bin", FirstWrong: -1})
	return r
}

func (r recorded) view() *diag.View { return diag.NewView(r.Stack, r.Record) }

// got is an exchange with header fields as pairs.
func got(id string, status int, length int64, fields ...string) diag.Exchange {
	x := diag.Exchange{Probe: diag.Probe{ID: id, Port: diag.Proxy, Method: "GET", Role: diag.RoleMain}}
	x.Request.Method, x.Request.URL = "GET", "http://p/dl/main.bin"
	x.Status, x.StatusLine = status, fmt.Sprintf("HTTP/1.1 %d", status)
	x.Seen = []sendfile.Seen{seenOnce}
	x.Body = compare.Body{Length: length, Declared: length, FirstDiff: -1}
	for i := 0; i < len(fields); i += 2 {
		x.Header = append(x.Header, compare.Field{Name: fields[i], Value: fields[i+1]})
	}
	return x
}

// plain is the whole file, as it should come.
func plain(id string, fields ...string) diag.Exchange {
	x := got(id, 200, recordedSize, append([]string{"ETag", recordedETag, "Last-Modified", recordedDate, "Accept-Ranges", "bytes"}, fields...)...)
	x.Body.Match = compare.Equal
	return x
}

// part is a range of the file, as it should come.
func part(id string, first, last int64) diag.Exchange {
	x := got(id, 206, last-first+1, "Content-Range", fmt.Sprintf("bytes %d-%d/%d", first, last, recordedSize))
	x.Body.Match = compare.Differs
	x.Parts = &diag.Parts{Match: compare.Equal, Ranges: []diag.Range{{First: first, Last: last, Total: recordedSize, Match: compare.Equal}}}
	return x
}

// changed is an exchange that something was done to.
func changed(x diag.Exchange, change func(x *diag.Exchange)) diag.Exchange {
	change(&x)
	return x
}

// codesOf are the findings of a record, with their severities.
func codesOf(r recorded) []string {
	var list []string
	for _, f := range diag.Judge(r.Record, Rules(), Checks()).Findings {
		list = append(list, f.Code+" "+string(f.Severity))
	}
	return list
}

// judgeTest is a record and what is found in it.
type judgeTest struct {
	name string
	rec  recorded
	want []string
}

func judgeAll(t *testing.T, tests []judgeTest) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if d := cmp.Diff(test.want, codesOf(test.rec)); d != "" {
				t.Errorf("findings (-want +got):\n%s", d)
			}
		})
	}
}
