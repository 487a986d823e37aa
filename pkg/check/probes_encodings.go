package check

import (
	"fmt"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// Ids of the probes that offer a content coding.
const (
	proxyIdentity  = "proxy-identity"
	proxyGzip      = "proxy-gzip"
	proxyBrotli    = "proxy-brotli"
	backendGzip    = "backend-gzip"
	proxyGzipRange = "proxy-gzip-range"
)

// mostToUnpack is the size up to which the main fixture is asked for in a
// content coding: such bodies are held in memory.
const mostToUnpack = 4 << 20

// encodings offers content codings, as every browser does, and none.
var encodings = diag.Family{
	Name: "encodings",
	When: "the download works; a range of the packed file, where it is packed",
	Plan: func(v *diag.View) diag.Step {
		size := sizeOf(v.Fixture(diag.RoleMain))
		if !v.Delivered() || size > mostToUnpack {
			return diag.Step{}
		}
		step := diag.Step{Probes: []diag.Probe{
			accepting(proxyIdentity, diag.Proxy, "identity"), accepting(proxyGzip, diag.Proxy, "gzip"), accepting(proxyBrotli, diag.Proxy, "br"),
		}}
		if v.Exchange(diag.BackendGet).Answered() {
			step.Probes = append(step.Probes, accepting(backendGzip, diag.Backend, "gzip"))
		}
		if coding(v.Exchange(proxyGzip)) != "" && size >= leastForRanges {
			p := accepting(proxyGzipRange, diag.Proxy, "gzip")
			p.Header = append(p.Header, compare.Field{Name: "Range", Value: fmt.Sprintf("bytes=%d-", size/2)})
			step.Probes = append(step.Probes, p)
		}
		return step
	},
}

func accepting(id string, port diag.Port, coding string) diag.Probe {
	return diag.Probe{ID: id, Port: port, Method: "GET", Role: diag.RoleMain, Parts: true,
		Header: compare.Header{{Name: "Accept-Encoding", Value: coding}}}
}

// coding is the content coding of an answer, "" for none (RFC 9110 section 8.4).
func coding(x *diag.Exchange) string {
	if !x.Answered() {
		return ""
	}
	c := strings.ToLower(x.Header.Get("Content-Encoding"))
	if c == "identity" {
		return ""
	}
	return c
}

// arrives says that the answer is 200 and the file, packed or not.
func arrives(x *diag.Exchange) bool {
	if coding(x) == "" {
		return x.Delivers()
	}
	return x.Failure == nil && x.Status == 200 && x.Parts != nil && x.Parts.Match == compare.Equal
}

// mislabelled says that the answer is the plain file under the mark of a coding.
func mislabelled(x *diag.Exchange) bool {
	return coding(x) != "" && x.Body.Match == compare.Equal && x.Body.Length > 0
}

// worthPacking says that files of a media type are commonly and rightly packed
// on the fly: text, and what is written as text.
func worthPacking(mediaType string) bool {
	switch mediaType {
	case "application/json", "application/javascript", "application/x-javascript", "application/xml", "application/wasm",
		"application/manifest+json", "application/rtf", "image/svg+xml", "image/bmp", "image/x-icon", "image/vnd.microsoft.icon",
		"application/vnd.ms-fontobject", "application/x-font-ttf", "font/ttf", "font/otf", "":
		return true
	}
	return strings.HasPrefix(mediaType, "text/") || strings.HasSuffix(mediaType, "+json") || strings.HasSuffix(mediaType, "+xml")
}
