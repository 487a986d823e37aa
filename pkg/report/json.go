package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"unicode"
	"unicode/utf16"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// writeJSON writes the report as JSON (RFC 8259), indented by two spaces.
// Arrays are never null. What is not printable is escaped, so that the output
// is safe on a terminal, too.
func writeJSON(w io.Writer, rep diag.Report, _ Options) error { return JSON(w, complete(rep)) }

// writeJSONs writes several reports: the worst verdict, then each as
// writeJSON does.
func writeJSONs(w io.Writer, reps []diag.Report, _ Options) error {
	all := struct {
		Version int           `json:"version"`
		Status  diag.Verdict  `json:"status"`
		Reports []diag.Report `json:"reports"`
	}{diag.ReportVersion, Worst(reps), []diag.Report{}}
	for _, rep := range reps {
		all.Reports = append(all.Reports, complete(rep))
	}
	return JSON(w, all)
}

// complete is a report without lists that are null.
func complete(rep diag.Report) diag.Report {
	rep.Checks = orEmpty(rep.Checks)
	rep.Findings = slices.Clone(orEmpty(rep.Findings))
	for i := range rep.Findings {
		rep.Findings[i].Evidence = orEmpty(rep.Findings[i].Evidence)
	}
	return rep
}

// JSON writes a value as the reports are written: indented, on a terminal safe.
func JSON(w io.Writer, value any) error {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(value); err != nil {
		return fmt.Errorf("writing JSON: %w", err)
	}
	_, err := w.Write(escapeJSON(b.Bytes()))
	return err
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// escapeJSON writes the characters that encoding/json leaves as they are and
// that are not printable as \u escapes (RFC 8259 section 7). In valid JSON
// such characters stand in strings only.
func escapeJSON(text []byte) []byte {
	var out []byte
	for _, r := range string(text) {
		switch {
		case unicode.IsPrint(r) || r == '\n':
			out = append(out, string(r)...)
		case r > 0xFFFF:
			high, low := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, high, low)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}
