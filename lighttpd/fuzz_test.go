package lighttpd

import (
	"testing"

	"github.com/proxydiag/proxydiag/pkg/conf"
)

// FuzzParse: any text is read, and what was read stands where it says.
func FuzzParse(f *testing.F) {
	for _, c := range readCorpus(f) {
		f.Add(c.files["main.conf"])
	}
	f.Fuzz(func(t *testing.T, text string) {
		source := conf.Source{Roots: []string{"f"}, Files: []conf.File{{Path: "f", Text: text}}}
		c, err := Parse(source)
		if c == nil {
			t.Fatalf("nothing, %v", err)
		}
		c.Top.Walk(func(d *conf.Directive) bool {
			if d != c.Top && (d.Pos.Line < 1 || d.Pos.Column < 1 || source.Excerpt(d.Pos, 1) == "") {
				t.Fatalf("%s stands nowhere: %v", d, d.Pos)
			}
			return true
		})
		for _, b := range c.Blocks {
			for _, name := range b.Names() {
				_ = b.Get(name).Value.unknown()
			}
		}
	})
}
