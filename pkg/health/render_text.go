package health

import (
	"fmt"
	"io"
	"strings"
)

// Text writes a line for all, and one for each check.
func Text() Renderer { return Renderer{Type: "text/plain", Render: writeText} }

func writeText(w io.Writer, v View) error {
	line := word(v.OK)
	if v.Reason != "" {
		line += " " + oneLine(v.Reason)
	}
	if _, err := fmt.Fprintln(w, line); err != nil {
		return err
	}
	for _, r := range v.Results {
		line := fmt.Sprintf("%s %s/%s", strings.ToUpper(string(r.State)), r.Kind, r.Name)
		if !r.Checked.IsZero() {
			line += fmt.Sprintf(" %s ago", rounded(r.Age(v.Now)))
		}
		if r.Message != "" {
			line += ": " + oneLine(r.Message)
		}
		if _, err := fmt.Fprintln(w, line); err != nil {
			return err
		}
	}
	return nil
}

// word is the verdict on all.
func word(ok bool) string {
	if ok {
		return "UP"
	}
	return "DOWN"
}

// oneLine is a text without line ends and control characters.
func oneLine(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r < 0x20 || r == 0x7F }), " ")
}
