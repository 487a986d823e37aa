package check

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

var storageCorrupt = diag.Rule{
	Doc: diag.Doc{
		Code: "storage-corrupt", Part: diag.PartStorage, Severity: diag.Error,
		Title: "The storage gives back other bytes",
		Text: "A fixture was written and read back, and the content differs. This is judged by content, not by " +
			"size: a full disk behind a write cache, a broken network mount, a transforming gateway.",
		Fix: "Do not trust this storage until its own checks pass (file-system check, RAID or network mount " +
			"logs).",
		Before: "written 163877 bytes, read back: first wrong byte at offset 131072",
		After:  "written 163877 bytes, read back: the same",
		Source: "the storage's own error",
	},
	Check:  checkStorage,
	Blocks: true,
	Judge:  readWrong,
}

func readWrong(v *diag.View) []diag.Finding {
	if f := v.Fixture(diag.RoleMain); f != nil && f.FirstWrong >= 0 {
		return wrongAt(v, f)
	}
	if f := v.Fixture(roleLarge); f != nil && f.FirstWrong >= 0 {
		return ofLarge(wrongAt(v, f))
	}
	return nil
}

func wrongAt(v *diag.View, f *diag.FixtureRecord) []diag.Finding {
	return []diag.Finding{{
		Detail: fmt.Sprintf("A fixture of %s was put into %s; read back, the first wrong byte is at offset %d.",
			bytes(f.Size), v.Stack.Storage, f.FirstWrong),
		Evidence: []diag.Evidence{{
			Kind: diag.EvidenceFile, Text: fmt.Sprintf("%s: differs from what was written at offset %d", f.Path, f.FirstWrong),
		}},
	}}
}
