package check

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// Checks are the questions that a run answers, in the order of a report. A
// check fails with the first finding of its rules; its own function says
// whether it could be judged at all where there is none.
func Checks() []diag.Check {
	return []diag.Check{
		{ID: checkStorage, Title: "a file can be put into the storage and read back",
			Roles: []string{diag.RoleMain}, Judge: judgeStorage},
		{ID: checkBackend, Title: "the backend port answers with the right handoff",
			Probes: []string{diag.BackendGet}, Judge: judgeBackend},
		{ID: checkDirect, Title: "the proxy can serve the storage at all",
			Probes: []string{diag.DirectGet}, Judge: judgeDirect},
		{ID: checkEndToEnd, Title: "the proxy port delivers the file",
			Probes: []string{diag.ProxyGet}, Judge: judgeEndToEnd},
		{ID: checkOffload, Title: "the proxy sends the file, not the application",
			Probes: []string{diag.BackendGet}, Judge: judgeOffload},
		{ID: checkExposure, Title: "nobody gets at the files without the application",
			Probes: []string{diag.ProxyInternal}, Judge: judgeExposure},
		{ID: checkErrors, Title: "refused and missing downloads stay errors",
			Probes: []string{diag.BackendMissing, diag.ProxyMissing, diag.BackendDenied, diag.ProxyDenied}, Judge: judgeErrors},
		{ID: checkPlain, Title: "answers without a handoff pass as they are",
			Roles: []string{rolePage}, Probes: []string{proxyPlain}, Judge: judgePlain},
		{ID: checkHead, Title: "HEAD tells what GET does",
			Probes: []string{diag.BackendHead, diag.ProxyHead}, Judge: judgeHead},
		{ID: checkPost, Title: "POST delivers the file too",
			Probes: []string{backendPost, proxyPost}, Judge: judgePost},
		{ID: checkHeaders, Title: "the backend's header survives as it should",
			Probes: []string{diag.ProxyAgain, diag.BackendAgain}, Judge: judgeHeaders},
		{ID: checkRanges, Title: "parts of a file can be downloaded",
			Probes: []string{proxyRangeMiddle, proxyRangeBeyond}, Judge: judgeRanges},
		{ID: checkConditions, Title: "a client with a copy learns whether it is the current one",
			Probes: []string{"proxy-if-none-match", "proxy-if-modified-since"}, Judge: judgeConditions},
		{ID: checkEncodings, Title: "downloads are not packed on the fly",
			Probes: []string{proxyGzip, proxyBrotli}, Judge: judgeEncodings},
		{ID: checkTypes, Title: "files of other types and sizes arrive as well",
			Roles: []string{"txt", "html", roleMiB}, Probes: []string{"proxy-txt", "proxy-html", "proxy-" + roleMiB}, Judge: judgeTypes},
		{ID: checkLarge, Title: "a large file arrives whole",
			Roles: []string{roleLarge}, Probes: []string{ProxyLarge, proxyLargeHead}, Judge: judgeLarge},
		{ID: checkNames, Title: "files with any name arrive",
			Roles: rolesOfNames(), Probes: probesOfNames(), Judge: judgeNames},
		{ID: checkChanges, Title: "a file that has changed arrives as it is now",
			Roles: []string{"longer"}, Probes: []string{"proxy-longer"}, Judge: judgeChanges},
	}
}

// Reasons why a check could not be judged.
const (
	storageFirst  = "the storage leg failed first"
	deliveryFirst = "the download does not arrive, so there is nothing to look at"
	fixedFile     = "one fixed file"
	notSent       = "the probe was not sent"
	tooMuch       = "the answer says that there is too much to do at the moment (429 or 503), also when asked alone; --profile quick or --concurrency 1 ask for less"
)

// unsaid is why nothing is known of a probe.
func unsaid(v *diag.View, ids ...string) string {
	for _, id := range ids {
		if v.Asked(id) && v.Exchange(id) == nil {
			return tooMuch
		}
	}
	return notSent
}

func judgeStorage(v *diag.View) (diag.Status, string) {
	if v.Stored() {
		return diag.Pass, ""
	}
	return diag.Unknown, "no fixture was put"
}

func judgeBackend(v *diag.View) (diag.Status, string) {
	b := v.Exchange(diag.BackendGet)
	switch {
	case !v.Stored():
		return diag.Unknown, storageFirst
	case b == nil:
		return diag.Unknown, notSent
	case v.Told() != nil:
		return diag.Pass, "it is asked with " + written(v.Told()) + ", without which it redirects to https"
	case attests(b):
		return diag.Pass, ""
	case b.Status == 429:
		return diag.Unknown, "the backend takes no more requests for now (429): wait until it does, and ask for less with --profile quick or --concurrency 1"
	case !v.Delivered():
		return diag.Unknown, "the backend answers " + answer(b)
	case !b.Answered():
		return diag.Unknown, "the download works, but the backend port cannot be asked from here: " + failure(b) + correctBackend
	case b.Status >= 300:
		return diag.Unknown, "the download works through the proxy, but asked directly the backend answers " + status(b) + correctBackend
	}
	return diag.Unknown, "the download works through the proxy, but asked directly the backend answers " + answer(b) +
		", with neither a handoff nor the file" + correctBackend
}

// correctBackend is what to do about a backend that does not answer as the one
// that the proxy asks must.
const correctBackend = "; correct --backend if that is not the address that the proxy asks"

func judgeDirect(v *diag.View) (diag.Status, string) {
	x := v.Exchange(diag.DirectGet)
	switch {
	case v.Stack.Direct == "":
		return diag.Skip, "no --direct URL is given"
	case !v.Stored():
		return diag.Unknown, storageFirst
	case x == nil:
		return diag.Unknown, unsaid(v, diag.DirectGet)
	case !x.Delivers():
		return diag.Fail, "the direct URL answers " + answer(x) + ", body: " + body(x)
	}
	return diag.Pass, ""
}

func judgeEndToEnd(v *diag.View) (diag.Status, string) {
	p := v.Exchange(diag.ProxyGet)
	switch {
	case !v.Stored():
		return diag.Unknown, storageFirst
	case p == nil:
		return diag.Unknown, notSent
	case v.Delivered():
		return diag.Pass, inChain(v)
	}
	reason := "the proxy answers " + answer(p) + ", body: " + body(p)
	reached, why := v.Reached(diag.ProxyGet)
	switch {
	case !p.Answered():
		return diag.Fail, reason
	case reached == diag.Undecided:
		return diag.Unknown, reason + "; " + why
	case proxyFault(v).code == "" && len(v.Exchange(diag.BackendGet).Handoffs()) > 0:
		return diag.Unknown, reason + "; " + whoRefused(v)
	}
	return diag.Fail, reason
}

func judgeOffload(v *diag.View) (diag.Status, string) {
	b := v.Exchange(diag.BackendGet)
	switch {
	case !v.Stored():
		return diag.Unknown, storageFirst
	case !v.Delivered():
		return diag.Unknown, deliveryFirst
	case len(b.Handoffs()) == 0:
		return diag.Unknown, "the backend's own answer does not show a handoff"
	}
	return diag.Pass, ""
}

func judgeExposure(v *diag.View) (diag.Status, string) {
	d, _, known := v.Dialect()
	switch {
	case !v.Stored():
		return diag.Unknown, storageFirst
	case known && d.Form == sendfile.Path:
		return diag.Skip, d.Header + " names a file: there is no internal URI to ask for"
	case v.Exchange(diag.ProxyInternal).Answered():
		return diag.Pass, ""
	case !v.Exchange(diag.ProxyGet).Answered():
		return diag.Unknown, "the proxy port does not answer"
	case known && v.Exchange(diag.BackendGet).HandsOff(d) && strings.HasPrefix(v.Exchange(diag.BackendGet).Header.Get(d.Header), "@"):
		return diag.Skip, "the handoff names a location that has no URI to ask for"
	case v.Exchange(diag.ProxyInternal) != nil:
		return diag.Unknown, "the internal URI got no answer: " + failure(v.Exchange(diag.ProxyInternal))
	}
	return diag.Unknown, "the backend names no internal URI to ask for"
}

func judgeErrors(v *diag.View) (diag.Status, string) {
	missing, denied := v.Exchange(diag.ProxyMissing), v.Exchange(diag.ProxyDenied)
	switch {
	case !v.Stored():
		return diag.Unknown, storageFirst
	case v.Stack.Fixed != "" && v.Stack.Missing == "" && v.Stack.Denied == "":
		return diag.Skip, fixedFile + "; give --missing and --denied URLs"
	case !v.Delivered():
		return diag.Unknown, deliveryFirst
	case missing == nil && denied == nil:
		return diag.Unknown, unsaid(v, diag.ProxyMissing, diag.ProxyDenied)
	case missing != nil && !missing.Answered():
		return diag.Unknown, "no answer for a missing file: " + failure(missing)
	case denied != nil && !denied.Answered():
		return diag.Unknown, "no answer for a denied download: " + failure(denied)
	}
	return diag.Pass, ""
}

func judgeHead(v *diag.View) (diag.Status, string) {
	switch {
	case !v.Stored():
		return diag.Unknown, storageFirst
	case !v.Delivered():
		return diag.Unknown, deliveryFirst
	case v.Exchange(diag.ProxyHead) == nil:
		return diag.Unknown, unsaid(v, diag.ProxyHead, diag.BackendHead)
	}
	return diag.Pass, ""
}

func judgeHeaders(v *diag.View) (diag.Status, string) {
	b := v.Exchange(diag.BackendGet)
	switch {
	case !v.Stored():
		return diag.Unknown, storageFirst
	case !v.Delivered():
		return diag.Unknown, deliveryFirst
	case !attests(b):
		return diag.Unknown, "the backend's own answer to the download is not known"
	}
	return diag.Pass, ""
}
