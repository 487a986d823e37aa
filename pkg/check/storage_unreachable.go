package check

import (
	"fmt"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/fixture"
)

var storageUnreachable = diag.Rule{
	Doc: diag.Doc{
		Code: "storage-unreachable", Part: diag.PartStorage, Severity: diag.Error,
		Title: "The storage is not there",
		Text: "A fixture could not be put because there is no storage where --storage says: the folder is " +
			"absent, a file stands in its place, a mount is missing, or the server that keeps the files does " +
			"not answer or does not accept the credentials. Nothing else can be judged without a file to " +
			"fetch.",
		Fix: "Check the path or URL given with --storage; mount it, create it, or correct the credentials.",
		Before: `$ ls /srv/media
ls: cannot access '/srv/media': No such file or directory`,
		After: `$ mount /srv/media && ls -d /srv/media
/srv/media`,
		Source: "the storage's own error",
	},
	Check:  checkStorage,
	Blocks: true,
	Judge:  putFailed("storage-unreachable"),
}

// putFailed judges why the main fixture could not be put, or the large one.
func putFailed(code string) func(*diag.View) []diag.Finding {
	return func(v *diag.View) []diag.Finding {
		if f := v.Fixture(diag.RoleMain); f != nil && f.PutFailure != nil && putCode(f.PutFailure.Class) == code {
			return storageFinding(v, "A fixture could not be put into %s", f.PutFailure)
		}
		if f := v.Fixture(roleLarge); f != nil && f.PutFailure != nil && putCode(f.PutFailure.Class) == code {
			return ofLarge(storageFinding(v, "A fixture of "+bytes(f.Size)+" could not be put into %s", f.PutFailure))
		}
		return nil
	}
}

// ofLarge makes findings those of the check of the large file.
func ofLarge(list []diag.Finding) []diag.Finding {
	for i := range list {
		list[i].Check = checkLarge
	}
	return list
}

func putCode(class fixture.Class) string {
	switch class {
	case fixture.ClassPermission, fixture.ClassReadOnly, fixture.ClassFull, fixture.ClassExists, fixture.ClassName, fixture.ClassOther:
		return "storage-not-writable"
	}
	return "storage-unreachable"
}

// storageFinding tells of a failure of the storage; what has %s for its name.
func storageFinding(v *diag.View, what string, f *diag.StorageFailure) []diag.Finding {
	said := f.Message
	if f.Code != "" && !strings.Contains(said, f.Code) {
		said += " (" + f.Code + ")"
	}
	how := string(f.Class)
	if f.Code != "" {
		how += ", " + f.Code
	}
	if f.Request != "" {
		how += ", request " + f.Request
	}
	return []diag.Finding{{
		Detail: fmt.Sprintf(what, v.Stack.Storage) + ": " + said + ".",
		Fix:    f.Fix,
		Evidence: []diag.Evidence{{
			Kind: diag.EvidenceFile, Text: fmt.Sprintf("%s %s: %s (%s)", f.Op, f.Path, f.Message, how),
		}},
	}}
}
