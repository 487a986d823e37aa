package check

import (
	"fmt"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// Ids of the probes that ask for ranges on the backend port, and of the other
// half of those at the proxy, which have "proxy-" before the ask's name.
const (
	backendRange       = "backend-range"
	backendRangeBeyond = "backend-range-beyond"
	proxyRangeMiddle   = "proxy-range-middle"
	proxyRangeBeyond   = "proxy-range-beyond"
)

// leastForRanges is the size from which a file has a first, a middle and a last part.
const leastForRanges = 16

// rangeAsk is one way to ask for a part of the main fixture (RFC 9110 section 14).
type rangeAsk struct {
	id    string
	value string // of the field Range
	// first and last offset of what is to come.
	first, last int64
	// ifRange, where not empty, is the validator that the range depends on.
	ifRange string
	// fault says what is wrong with an answer, "" where nothing is.
	fault func(x *diag.Exchange, a rangeAsk, size int64) string
	// expected is what is right, in a few words.
	expected string
}

// rangeAsks are the ways to ask of the standard profile, for a file of so many
// bytes. etag is its current validator, "" where it has no strong one.
func rangeAsks(size int64, etag string) []rangeAsk {
	part := size / 16
	list := []rangeAsk{
		{id: "proxy-range-first", value: "bytes=0-0", fault: rangeFault},
		{id: proxyRangeMiddle, value: fmt.Sprintf("bytes=%d-%d", size/3, size/3+part), first: size / 3, last: size/3 + part, fault: rangeFault},
		{id: "proxy-range-suffix", value: fmt.Sprintf("bytes=-%d", part), first: size - part, last: size - 1, fault: rangeFault},
		{id: "proxy-range-open", value: fmt.Sprintf("bytes=%d-", size-part), first: size - part, last: size - 1, fault: rangeFault},
		{id: proxyRangeBeyond, value: fmt.Sprintf("bytes=%d-", size+1000), fault: beyondFault, expected: fmt.Sprintf("416, Content-Range: bytes */%d", size)},
		{id: "proxy-range-several", value: fmt.Sprintf("bytes=0-%d,%d-%d", part-1, size/2, size/2+part-1), fault: severalFault, expected: "206 with both ranges, or 200 and the file"},
		{id: "proxy-if-range-other", value: "bytes=0-0", ifRange: otherETag, fault: wholeFault, expected: "200 and the file: the validator is another one"},
	}
	if etag != "" {
		list = append(list, rangeAsk{id: "proxy-if-range", value: "bytes=0-0", ifRange: etag, fault: rangeFault})
	}
	for i, a := range list {
		if a.expected == "" {
			list[i].expected = fmt.Sprintf("206, Content-Range: bytes %d-%d/%d", a.first, a.last, size)
		}
	}
	return list
}

// oddRangeAsks are ways that no client of good sense uses.
func oddRangeAsks(size int64) []rangeAsk {
	return []rangeAsk{
		{id: "proxy-range-malformed", value: "bytes=abc", fault: ignoredFault, expected: "200 and the file, 400 or 416"},
		{id: "proxy-range-unit", value: "lines=0-9", fault: ignoredFault, expected: "200 and the file, 400 or 416"},
		{id: "proxy-range-too-long", value: fmt.Sprintf("bytes=0-%d", size+1000), last: size - 1, fault: rangeFault,
			expected: fmt.Sprintf("206, Content-Range: bytes 0-%d/%d", size-1, size)},
	}
}

func (a rangeAsk) probe() diag.Probe {
	p := diag.Probe{ID: a.id, Port: diag.Proxy, Method: "GET", Role: diag.RoleMain, Parts: true,
		Header: compare.Header{{Name: "Range", Value: a.value}}}
	if a.ifRange != "" {
		p.Header = append(p.Header, compare.Field{Name: "If-Range", Value: a.ifRange})
	}
	return p
}

// ranges asks for parts of the file, as players and download managers do.
var ranges = diag.Family{
	Name: "ranges",
	When: "the download works",
	Plan: func(v *diag.View) diag.Step {
		size, ok := rangedSize(v)
		if !ok {
			return diag.Step{}
		}
		var step diag.Step
		for _, a := range rangeAsks(size, strongETag(v.Exchange(diag.ProxyGet))) {
			step.Probes = append(step.Probes, a.probe())
			for id, twin := range map[string]string{proxyRangeMiddle: backendRange, proxyRangeBeyond: backendRangeBeyond} {
				if a.id == id && v.Exchange(diag.BackendGet).Answered() {
					p := a.probe()
					p.ID, p.Port = twin, diag.Backend
					step.Probes = append(step.Probes, p)
				}
			}
		}
		return step
	},
}

// oddRanges asks for ranges that are malformed, or longer than the file.
var oddRanges = diag.Family{
	Name:    "odd-ranges",
	Profile: diag.Thorough,
	When:    "the download works",
	Plan: func(v *diag.View) diag.Step {
		size, ok := rangedSize(v)
		if !ok {
			return diag.Step{}
		}
		var step diag.Step
		for _, a := range oddRangeAsks(size) {
			step.Probes = append(step.Probes, a.probe())
		}
		return step
	},
}

// rangedSize is the main fixture's size, and whether ranges of it can be asked for.
func rangedSize(v *diag.View) (int64, bool) {
	f := v.Fixture(diag.RoleMain)
	return sizeOf(f), v.Delivered() && sizeOf(f) >= leastForRanges
}

func sizeOf(f *diag.FixtureRecord) int64 {
	if f == nil {
		return 0
	}
	return f.Size
}

// strongETag is the answer's ETag, "" where it has none or a weak one, which
// no range may depend on (RFC 9110 section 13.1.5).
func strongETag(x *diag.Exchange) string {
	if !x.Answered() || !strings.HasPrefix(x.Header.Get("ETag"), `"`) {
		return ""
	}
	return x.Header.Get("ETag")
}

// rangeFault judges the answer to a range that the file has.
func rangeFault(x *diag.Exchange, a rangeAsk, size int64) string {
	switch {
	case x.Status == 200 && a.ifRange != "":
		return "the whole file: its current validator is not accepted"
	case x.Status == 200:
		return "the range is ignored"
	case x.Status != 206:
		return "not a range"
	}
	return partsFault(x, func(r diag.Range) bool {
		// Less than was asked for may come (RFC 9110 section 15.3.7).
		return r.First == a.first && r.Last <= a.last && (r.Total == size || r.Total == -1)
	})
}

// beyondFault judges the answer to a range that begins behind the file's end.
// The field may be ignored (RFC 9110 section 14.2).
func beyondFault(x *diag.Exchange, a rangeAsk, size int64) string {
	if x.Status != 416 {
		return wholeFault(x, a, size)
	}
	value := x.Header.Get("Content-Range")
	if value == "" {
		return "" // it should be there, not must (section 15.5.17)
	}
	if _, _, total, err := diag.ParseContentRange(value); err != nil || total != size {
		return "the length told is not the file's"
	}
	return ""
}

// severalFault judges the answer to two ranges at once.
func severalFault(x *diag.Exchange, a rangeAsk, size int64) string {
	if x.Status != 206 {
		return wholeFault(x, a, size)
	}
	return partsFault(x, func(r diag.Range) bool { return r.Total == size || r.Total == -1 })
}

// ignoredFault judges the answer to a field that makes no sense: it may be
// ignored or refused (RFC 9110 section 14.2).
func ignoredFault(x *diag.Exchange, a rangeAsk, size int64) string {
	if x.Status == 400 || x.Status == 416 {
		return ""
	}
	return wholeFault(x, a, size)
}

// wholeFault judges an answer that is to be the whole file.
func wholeFault(x *diag.Exchange, _ rangeAsk, _ int64) string {
	switch {
	case x.Delivers():
		return ""
	case x.Status == 206:
		return "a range that should not come"
	}
	return "not the whole file"
}

// partsFault judges a 206 by its bytes and by what it says they are.
func partsFault(x *diag.Exchange, right func(diag.Range) bool) string {
	switch p := x.Parts; {
	case x.Failure != nil:
		return "the range is cut off: " + x.Failure.Message
	case p == nil:
		return ""
	case p.Failure != "":
		return p.Failure
	case len(p.Ranges) == 0:
		return "no range in the body"
	case p.Match != compare.Equal:
		return "other bytes than the file has there"
	default:
		for _, r := range p.Ranges {
			if !right(r) {
				return "other offsets than asked for"
			}
		}
	}
	return ""
}
