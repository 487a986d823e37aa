package check

import "github.com/proxydiag/proxydiag/pkg/diag"

// Further reasons why a check could not be judged.
const (
	quickOnly    = "not asked with --profile quick"
	noHandoff    = "the backend does not hand off"
	noValidators = "the answer has neither ETag nor Last-Modified"
)

// sent is the common part of the checks of the standard profile: the outcome
// for a probe that was not sent, or is not to be; ok says that it was answered.
func sent(v *diag.View, id string) (s diag.Status, reason string, ok bool) {
	x := v.Exchange(id)
	switch {
	case !v.Stack.Profile.Includes(diag.Standard):
		return diag.Skip, quickOnly, false
	case !v.Stored():
		return diag.Unknown, storageFirst, false
	case !v.Delivered():
		return diag.Unknown, deliveryFirst, false
	case x == nil:
		return diag.Unknown, unsaid(v, id), false
	case !x.Answered():
		return diag.Unknown, "no answer: " + failure(x), false
	}
	return diag.Pass, "", true
}

func judgeRanges(v *diag.View) (diag.Status, string) {
	if f := v.Fixture(diag.RoleMain); v.Delivered() && sizeOf(f) < leastForRanges {
		return diag.Skip, "the file is too small to have parts"
	}
	s, reason, _ := sent(v, proxyRangeMiddle)
	return s, reason
}

func judgeConditions(v *diag.View) (diag.Status, string) {
	list := conditions(v.Exchange(diag.ProxyGet))
	if v.Delivered() && list == nil {
		return diag.Skip, noValidators
	}
	id := ""
	if list != nil {
		id = list[0].id
	}
	s, reason, _ := sent(v, id)
	return s, reason
}

func judgeEncodings(v *diag.View) (diag.Status, string) {
	if v.Delivered() && sizeOf(v.Fixture(diag.RoleMain)) > mostToUnpack {
		return diag.Skip, "the file is too large to be unpacked here"
	}
	s, reason, _ := sent(v, proxyGzip)
	return s, reason
}

// ofOthers are the reasons to leave files other than the main one alone.
func ofOthers(v *diag.View) (diag.Status, string, bool) {
	switch {
	case v.Stack.Fixed != "":
		return diag.Skip, fixedFile, true
	case v.Delivered() && len(v.Exchange(diag.BackendGet).Handoffs()) == 0:
		return diag.Skip, noHandoff, true
	}
	return diag.Pass, "", false
}

func judgeTypes(v *diag.View) (diag.Status, string) {
	if s, reason, skip := ofOthers(v); skip {
		return s, reason
	}
	if s, reason, ok := sent(v, "proxy-txt"); !ok {
		return s, reason
	}
	return diag.Pass, ""
}

func judgeChanges(v *diag.View) (diag.Status, string) {
	if s, reason, skip := ofOthers(v); skip {
		return s, reason
	}
	if s, reason, ok := sent(v, longer().before[0]); !ok {
		return s, reason
	}
	if f := v.Fixture(longer().to); f != nil && !f.OK() {
		return diag.Unknown, "the storage did not rewrite a file in place"
	}
	s, reason, _ := sent(v, longer().get())
	return s, reason
}
