package check

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

var proxyStaleFile = diag.Rule{
	Doc: diag.Doc{
		Code: "proxy-stale-file", Part: diag.PartProxy, Severity: diag.Warning,
		Title: "A file that has changed is delivered as it was",
		Text: "A fixture was rewritten in place, longer or shorter, and more than a second later the proxy still " +
			"sends the old bytes, or the new ones cut at the old length: it keeps open files, their lengths, or " +
			"whole answers.",
		Fix: "Shorten or switch off what the proxy remembers of files (caches of open files and of answers; the " +
			"attribute cache of a network mount does the same), or " +
			"let the application never change a file in place: write a new one and rename it.",
		Before: "file: 50000 bytes, then 70000      client: 200, Content-Length: 50000",
		After:  "file: 50000 bytes, then 70000      client: 200, Content-Length: 70000",
		Source: "tried on the real servers",
	},
	Check:    checkChanges,
	Explains: []string{"proxy-conditional-broken"},
	Judge:    judgeStaleFile,
}

func judgeStaleFile(v *diag.View) []diag.Finding {
	for _, c := range []change{longer(), shorter()} {
		for _, id := range []string{c.get(), c.getAgain()} {
			x := settledAnswer(v, id)
			if x == nil || x.Status != 200 || x.Body.Match == compare.NotCompared {
				continue
			}
			before := v.Fixture(c.from).Size
			got := "The old bytes came"
			if x.Body.Match == compare.Prefix {
				got = fmt.Sprintf("The first %s of it came", bytes(x.Body.Length))
			}
			return []diag.Finding{{
				Detail: fmt.Sprintf("A file of %s was rewritten in place with %s. %s, still more than %v later.",
					bytes(before), bytes(v.Fixture(c.to).Size), got, settled),
				Evidence: []diag.Evidence{said(c.first(v)), said(x)},
			}}
		}
	}
	return nil
}
