package check

import (
	"fmt"
	"time"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var storageNotReadable = diag.Rule{
	Doc: diag.Doc{
		Code: "storage-not-readable", Part: diag.PartStorage, Severity: diag.Error,
		Title: "The storage does not give back what it took",
		Text:  "A fixture was written and could not be opened or read afterwards by the user who wrote it.",
		Fix:   "Look at the mount's options and at the storage's own log.",
		Before: `$ echo x > /srv/media/x; cat /srv/media/x
cat: /srv/media/x: Input/output error`,
		After: `$ cat /srv/media/x
x`,
		Source: "the storage's own error",
	},
	Check:  checkStorage,
	Blocks: true,
	Judge:  readFailed,
}

func readFailed(v *diag.View) []diag.Finding {
	if f := v.Fixture(diag.RoleMain); f != nil && f.ReadFailure != nil {
		what := "A fixture was put into %s, and could not be read back"
		if f.SettledMS > 0 {
			what = fmt.Sprintf("A fixture was put into %%s, and was not to be seen there within %s", time.Duration(f.SettledMS*float64(time.Millisecond)).Round(time.Second))
		}
		return storageFinding(v, what, f.ReadFailure)
	}
	if f := v.Fixture(roleLarge); f != nil && f.ReadFailure != nil {
		return ofLarge(storageFinding(v, "A fixture of "+bytes(f.Size)+" was put into %s, and could not be read back", f.ReadFailure))
	}
	return nil
}
