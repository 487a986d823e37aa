package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/proxydiag/proxydiag/internal/all"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/report"
)

// writePage writes an entry of the catalogue as a page of the documentation.
func writePage(w io.Writer, d diag.Doc) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n**%s**\n\nGuilty: %s · severity: %s\n\n%s", d.Code, d.Title, d.Part, d.Severity, report.Doc(d))
	c := all.CasesOf()[d.Code]
	for _, list := range []struct {
		title string
		cases []string
	}{{"Shown by these stacks of the tests", c.Shown}, {"Nearly shown, and not to be taken for it", c.Near}} {
		if len(list.cases) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n%s:\n\n", list.title)
		for _, path := range list.cases {
			fmt.Fprintf(&b, "- %s\n", path)
		}
	}
	if c.Unshown != "" {
		fmt.Fprintf(&b, "\nNo stack of the tests shows it: %s.\n", c.Unshown)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// writeIndex writes the list of the catalogue's pages.
func writeIndex(w io.Writer, docs []diag.Doc) error {
	var b strings.Builder
	b.WriteString("# The findings\n\nOne page a code, made from the program by `make docs`.\n")
	for _, part := range parts() {
		fmt.Fprintf(&b, "\n## %s\n\n| code | severity | what is wrong |\n|---|---|---|\n", part)
		for _, d := range docs {
			if d.Part == part {
				fmt.Fprintf(&b, "| [%s](%s.md) | %s | %s |\n", d.Code, d.Code, d.Severity, d.Title)
			}
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// parts are the parts of a stack, in the order of the catalogue.
func parts() []diag.Part {
	return []diag.Part{diag.PartStorage, diag.PartBackend, diag.PartProxy, diag.PartHandoff}
}
