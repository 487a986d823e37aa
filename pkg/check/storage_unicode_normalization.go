package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var storageUnicodeNormalization = diag.Rule{
	Doc: diag.Doc{
		Code: "storage-unicode-normalization", Part: diag.PartStorage, Severity: diag.Warning,
		Title: "Accented names are found in one Unicode form only",
		Text: "é can be one code point (NFC) or two (NFD). They look the same and are different file names for the " +
			"proxy. The application or the storage changes one form into the other, so that the name in the " +
			"handoff is not that of the file. Files from macOS often have NFD names.",
		Fix: "Bring names to one form, NFC, when files are stored, and rename those that are there; do not " +
			"normalise them later.",
		Before: "the file: cafe\\u0301.bin (NFD)      handoff: /protected/caf%C3%A9.bin (NFC)",
		After:  "the file: caf\\u00e9.bin (NFC)      handoff: /protected/caf%C3%A9.bin (NFC)",
		Source: "Unicode Standard Annex 15 (Unicode Normalization Forms)",
	},
	Check: checkNames,
	Judge: nameRule("storage-unicode-normalization"),
}
