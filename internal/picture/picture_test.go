package picture

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRuns(t *testing.T) {
	for text, want := range map[string][]run{
		"":            nil,
		"a  b":        {{text: "a"}, {text: "  "}, {text: "b"}},
		"a b ✓ ──":    {{text: "a b"}, {text: " "}, {text: "✓"}, {text: " "}, {text: "──"}},
		"\x1b[1;31mx": {{text: "x", bold: true, color: 1}},
		"\x1b[2mf\x1b[0m\x1b[32mg\x1b[mh\x1b[1mi\x1b[22mj": {
			{text: "f", faint: true}, {text: "g", color: 2}, {text: "h"}, {text: "i", bold: true}, {text: "j"},
		},
	} {
		if diff := cmp.Diff(want, runs(text), cmp.AllowUnexported(run{})); diff != "" {
			t.Errorf("%q:\n%s", text, diff)
		}
	}
}

// TestSVG: the picture is XML, names nothing outside of itself, ends where it
// is told to, and shows all that was printed before.
func TestSVG(t *testing.T) {
	s := Screen{Command: "proxydiag <x> & y", Output: "\x1b[1;31m✗\x1b[0m a<b & c\nEvidence\nlong\nFix\n  ── \x1b[32m漢\x1b[0m\nChecks\nmore\n", Until: "Checks", From: "Evidence", To: "Fix"}
	text := s.SVG()
	var shown strings.Builder
	for d := xml.NewDecoder(strings.NewReader(text)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		switch e := token.(type) {
		case xml.CharData:
			shown.Write(e)
		case xml.StartElement:
			for _, a := range e.Attr {
				if a.Name.Local == "href" || strings.Contains(a.Value, "url(") || a.Name.Local != "xmlns" && strings.Contains(a.Value, "//") {
					t.Errorf("<%s %s=%q> names another file", e.Name.Local, a.Name.Local, a.Value)
				}
			}
		}
	}
	want := "proxydiag<x>&y" + "$proxydiag<x>&y" + "✗a<b&c" + "…" + "Fix" + "──漢" + "…"
	if got := strings.Join(strings.Fields(shown.String()), ""); got != want {
		t.Errorf("shows %q, want %q", got, want)
	}
}
