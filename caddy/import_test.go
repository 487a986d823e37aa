package caddy

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// TestDoubling has snippets each of which imports the one before twice, or gives
// it an argument twice as long: they are refused before they are made.
func TestDoubling(t *testing.T) {
	for name, line := range map[string]string{
		"imports":   "\timport sN\n\timport sN\n",
		"arguments": "\timport sN \"{args.0}{args.0}\"\n",
		"words":     "\timport sN {args[:]} {args[:]}\n",
		"blocks":    "\timport sN {\n\t\t{block}\n\t\t{block}\n\t}\n",
	} {
		var b strings.Builder
		b.WriteString("(s0) {\n\trespond {args.0}\n\t{block}\n}\n")
		for i := range 60 {
			fmt.Fprintf(&b, "(s%d) {\n%s}\n", i+1, strings.ReplaceAll(line, "N", fmt.Sprint(i)))
		}
		b.WriteString(":8080 {\n\timport s60 x {\n\t\trespond y\n\t}\n}\n")
		begun := time.Now()
		_, err := Parse(conf.Source{Roots: []string{mainFile}, Files: []conf.File{{Path: mainFile, Text: b.String()}}})
		var problems *conf.Error
		if !errors.As(err, &problems) || problems.Problems[0].Kind != conf.TooLarge {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(begun); took > 10*time.Second {
			t.Errorf("%s: %v", name, took)
		}
	}
}

// TestUnknownDirective: what is not understood is told, and reading goes on.
func TestUnknownDirective(t *testing.T) {
	c, err := Parse(conf.Source{Roots: []string{"Caddyfile"}, Files: []conf.File{{Path: "Caddyfile", Text: ":80 {\n\tsparkle on\n\trespond ok\n}\n"}}})
	var problems *conf.Error
	if !errors.As(err, &problems) || !problems.Only(conf.Doubtful) || len(problems.Problems) != 1 || problems.Problems[0].Pos.Line != 2 {
		t.Fatalf("got %v", err)
	}
	if c == nil {
		t.Error("nothing was read")
	}
}
