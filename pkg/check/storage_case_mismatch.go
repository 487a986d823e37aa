package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var storageCaseMismatch = diag.Rule{
	Doc: diag.Doc{
		Code: "storage-case-mismatch", Part: diag.PartStorage, Severity: diag.Warning,
		Title: "Names with upper-case letters are not found",
		Text: "Names that differ in case are different files for the proxy. The application or the storage changes " +
			"upper-case letters to lower-case ones, so that the name in the handoff is not that of the file.",
		Fix:    "Keep names as they are from the upload to the handoff, or store files in lower case as well.",
		Before: "the file: REPORT.bin      handoff: /protected/report.bin",
		After:  "the file: REPORT.bin      handoff: /protected/REPORT.bin",
		Source: "tried on the real servers",
	},
	Check: checkNames,
	Judge: nameRule("storage-case-mismatch"),
}
