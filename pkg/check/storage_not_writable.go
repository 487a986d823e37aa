package check

import "github.com/proxydiag/proxydiag/pkg/diag"

var storageNotWritable = diag.Rule{
	Doc: diag.Doc{
		Code: "storage-not-writable", Part: diag.PartStorage, Severity: diag.Error,
		Title: "The storage does not accept files",
		Text: "The storage is there and a fixture could not be written: permissions, a read-only mount, no " +
			"space or no quota left. Uploads of the application fail in the same way if it runs as the same " +
			"user.",
		Fix: "Run as a user who may write there, remount the volume read-write, or free space.",
		Before: `$ touch /srv/media/x
touch: cannot touch '/srv/media/x': Read-only file system`,
		After:  "$ mount -o remount,rw /srv/media && touch /srv/media/x && rm /srv/media/x",
		Source: "the storage's own error",
	},
	Check:  checkStorage,
	Blocks: true,
	Judge:  putFailed("storage-not-writable"),
}
