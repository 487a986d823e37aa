package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

func newExplain(std streams) *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "explain [CODE]",
		Short: "Print the catalogue of findings, or one entry of it",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return fmt.Errorf("explain takes one code, and %d are given; see 'proxydiag explain --help'", len(args))
			}
			return nil
		},
		ValidArgs: findingCodes(),
		RunE: func(_ *cobra.Command, args []string) error {
			if !slices.Contains(explainFormats(), format) {
				return fmt.Errorf("--format: there is no format %q: choose one of %s", format, strings.Join(explainFormats(), ", "))
			}
			docs := catalogue()
			if len(args) == 1 {
				docs = slices.DeleteFunc(docs, func(d diag.Doc) bool { return d.Code != args[0] })
				if len(docs) == 0 {
					return fmt.Errorf("there is no finding %q%s; 'proxydiag explain' lists them", args[0], didYouMean(args[0], findingCodes()))
				}
			}
			switch {
			case format == "json":
				return writeEntries(std.out, docs)
			case format == "markdown" && len(args) == 1:
				return writePage(std.out, docs[0])
			case format == "markdown":
				return writeIndex(std.out, docs)
			case len(args) == 1:
				return writeEntry(std.out, docs[0])
			}
			return writeCatalogue(std.out, docs)
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", strings.Join(explainFormats(), ", "))
	complete(cmd, "format", explainFormats())
	return cmd
}

func explainFormats() []string { return []string{"text", "json", "markdown"} }

// catalogue is the documentation of all findings.
func catalogue() []diag.Doc {
	var docs []diag.Doc
	for _, r := range all.Rules() {
		docs = append(docs, r.Doc)
	}
	return docs
}

func findingCodes() []string {
	var codes []string
	for _, d := range catalogue() {
		codes = append(codes, d.Code)
	}
	return codes
}

// writeCatalogue lists the codes by the guilty part.
func writeCatalogue(w io.Writer, docs []diag.Doc) error {
	var b strings.Builder
	for i, part := range parts() {
		if i > 0 {
			b.WriteByte('\n')
		}
		fmt.Fprintf(&b, "%s\n", part)
		for _, d := range docs {
			if d.Part == part {
				fmt.Fprintf(&b, "  %-32s", d.Code)
				fold(&b, 34, d.Title)
			}
		}
	}
	b.WriteString("\n'proxydiag explain CODE' tells more about one of them.\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// writeEntry writes one entry in full.
func writeEntry(w io.Writer, d diag.Doc) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n", d.Code, d.Title)
	fmt.Fprintf(&b, "guilty: %s · severity: %s\n\n", d.Part, d.Severity)
	fold(&b, 0, d.Text)
	fmt.Fprintf(&b, "\nBefore\n\n%s\n\nAfter\n\n%s\n\nFix\n\n", indent(d.Before), indent(d.After))
	fold(&b, 0, d.Fix)
	if d.Source != "" {
		b.WriteString("\nSource\n\n")
		fold(&b, 0, d.Source)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func indent(text string) string {
	lines := strings.Split(text, "\n")
	for i, l := range lines {
		lines[i] = strings.TrimRight("    "+l, " ")
	}
	return strings.Join(lines, "\n")
}

// fold writes a text in lines of up to 80 characters, all but the first with a
// margin.
func fold(b *strings.Builder, margin int, text string) {
	column := margin
	for word := range strings.FieldsSeq(text) {
		width := utf8.RuneCountInString(word)
		switch {
		case column == margin:
		case column+1+width > 80:
			b.WriteString("\n" + strings.Repeat(" ", margin))
			column = margin
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += width
	}
	b.WriteByte('\n')
}

// entry is an entry of the catalogue as JSON.
type entry struct {
	Code     string        `json:"code"`
	Part     diag.Part     `json:"part"`
	Severity diag.Severity `json:"severity"`
	Title    string        `json:"title"`
	Text     string        `json:"text"`
	Fix      string        `json:"fix"`
	Before   string        `json:"before"`
	After    string        `json:"after"`
	Source   string        `json:"source,omitempty"`
	// The tests' stacks that show the finding, and those that nearly do.
	all.Cases
}

func writeEntries(w io.Writer, docs []diag.Doc) error {
	list := []entry{}
	cases := all.CasesOf()
	for _, d := range docs {
		list = append(list, entry{d.Code, d.Part, d.Severity, d.Title, d.Text, d.Fix, d.Before, d.After, d.Source, cases[d.Code]})
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(list)
}
