package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/check"
	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// differences are those of two answers against what is expected. volatile is
// what changes by itself.
func (c *compareFlags) differences(b, p compare.Exchange, volatile []string) []compare.Difference {
	if c.expect == expectSame || b.Status == 0 {
		return orNone(compare.Diff(b, p, compare.Expected{}, volatile))
	}
	d, err := c.dialect(b)
	if err != nil {
		return []compare.Difference{{
			Field: "handoff", Expected: "a handoff header on the backend's side", Verdict: compare.Lost,
			Meaning: "The backend hands nothing off, so there is nothing that a proxy could send in its place.",
		}}
	}
	header := http.Header{}
	for _, f := range b.Header {
		header.Add(f.Name, f.Value)
	}
	size := p.Body.Length // the file's, which only the proxy knows
	if c.method == http.MethodHead || stoppedByUs(p) && p.Body.Declared >= 0 {
		size = p.Body.Declared
	}
	want := check.Expected(d.Expect(c.method, b.Status, header, max(size, 0)))
	diffs := compare.Diff(b, p, want, volatile)
	diffs = slices.DeleteFunc(diffs, func(d compare.Difference) bool { return d.Field == compare.BodyField })
	other := p.Status != want.Status // not the file: an error page has a length of its own
	if other {
		diffs = slices.DeleteFunc(diffs, func(d compare.Difference) bool { return strings.EqualFold(d.Field, "Content-Length") })
	}
	if body, ok := offloaded(b, p, want.Status); ok && c.method == http.MethodGet && !(other && slices.Contains(volatile, compare.StatusField)) {
		diffs = append([]compare.Difference{body}, diffs...)
	}
	return orNone(diffs)
}

// offloaded says what became of the body of a handoff: the backend's is empty,
// the proxy's is the file.
func offloaded(b, p compare.Exchange, due int) (d compare.Difference, answered bool) {
	d = compare.Difference{
		Field: compare.BodyField, Expected: "the file, which the backend leaves to the proxy", Verdict: compare.AsExpected,
		Backend: []string{fmt.Sprintf("%d bytes", b.Body.Length)}, Proxy: []string{fmt.Sprintf("%d bytes", p.Body.Length)},
		Meaning: "The proxy puts the content in, as it should; whether it is the right one is for check to find out.",
	}
	switch {
	case p.Status != due:
		d.Verdict = compare.Changed
		d.Meaning = fmt.Sprintf("The client gets what comes with status %d in the place of the file.", p.Status)
	case b.Body.Length > 0:
		d.Verdict, d.Meaning = compare.Changed, "The backend sends a body beside its handoff: the work that the handoff saves is done all the same."
	case p.Body.Length == 0:
		d.Verdict, d.Meaning = compare.Lost, "The client gets an empty file: nobody put the content in."
	}
	return d, p.Status != 0
}

// dialect is the proxy's: the one that --sendfile names, or the first whose
// handoff header the backend's answer carries.
func (c *compareFlags) dialect(b compare.Exchange) (sendfile.Dialect, error) {
	if c.sendfile != "" {
		name, _, _ := strings.Cut(c.sendfile, ":")
		d, err := sendfile.Lookup(name, "")
		if err != nil {
			return d, fmt.Errorf("--sendfile: %w", err)
		}
		if b.Status != 0 && !b.Header.Has(d.Header) {
			return d, fmt.Errorf("the backend does not answer with %s", d.Header)
		}
		return d, nil
	}
	for _, d := range sendfile.Dialects() {
		if b.Header.Has(d.Header) {
			return d, nil
		}
	}
	return sendfile.Dialect{}, fmt.Errorf("the backend answers without a handoff header")
}

// faulty says that a difference is a fault. A proxy that offloads may add fields
// of its own, and keeps the handoff to itself.
func faulty(expect string, diffs []compare.Difference) bool {
	return slices.ContainsFunc(diffs, func(d compare.Difference) bool {
		switch d.Verdict {
		case compare.Lost, compare.Changed, compare.Duplicated:
			return true
		case compare.Added:
			return expect == expectSame
		}
		return expect == expectOffload && len(d.Proxy) > 0 && isHandoff(d.Field)
	})
}

func isHandoff(field string) bool {
	return slices.ContainsFunc(sendfile.Headers(), func(h string) bool { return strings.EqualFold(h, field) })
}

func orNone(diffs []compare.Difference) []compare.Difference {
	if diffs == nil {
		return []compare.Difference{}
	}
	return diffs
}
