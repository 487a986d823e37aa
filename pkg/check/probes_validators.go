package check

import (
	"net/http"
	"time"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// backendNotModified asks the backend port with the backend's own validators.
const backendNotModified = "backend-not-modified"

// otherETag is an ETag that no version of a file has.
const otherETag = `"proxydiag-another-version"`

// outcome is what a conditional request is to bring.
type outcome string

const (
	unchanged outcome = "304"                      // the validator is the current one
	whole     outcome = "200 and the file"         // the validator is not the current one
	either    outcome = "304, or 200 and the file" // servers may differ
)

// condition is one conditional request for the main fixture (RFC 9110 section 13).
type condition struct {
	id     string
	header compare.Header
	want   outcome
	// soft says that a whole file in place of a 304 does little harm.
	soft bool
}

// conditions are the conditional requests that the plain answer's validators
// allow.
func conditions(x *diag.Exchange) []condition {
	if !x.Answered() {
		return nil
	}
	var list []condition
	etag, modified := x.Header.Get("ETag"), x.Header.Get("Last-Modified")
	if etag != "" {
		list = append(list,
			condition{id: "proxy-if-none-match", header: ifNoneMatch(etag), want: unchanged},
			condition{id: "proxy-if-none-match-other", header: ifNoneMatch(otherETag), want: whole})
	}
	t, err := http.ParseTime(modified)
	if err != nil {
		return list
	}
	list = append(list,
		condition{id: "proxy-if-modified-since", header: ifModifiedSince(modified), want: unchanged, soft: etag != ""},
		condition{id: "proxy-if-modified-since-before", header: ifModifiedSince(httpTime(t.Add(-24 * time.Hour))), want: whole})
	if etag != "" {
		// If-None-Match is what counts where there are both (section 13.2.2).
		list = append(list, condition{id: "proxy-if-none-match-other-and-since",
			header: append(ifNoneMatch(otherETag), ifModifiedSince(modified)...), want: whole})
	}
	return list
}

// oddConditions are those that matter less.
func oddConditions(x *diag.Exchange) []condition {
	if !x.Answered() {
		return nil
	}
	var list []condition
	if etag := x.Header.Get("ETag"); etag != "" {
		list = append(list, condition{id: "proxy-if-none-match-any", header: ifNoneMatch("*"), want: either})
		if strongETag(x) != "" {
			list = append(list, condition{id: "proxy-if-none-match-weak", header: ifNoneMatch("W/" + etag), want: unchanged, soft: true})
		}
	}
	if t, err := http.ParseTime(x.Header.Get("Last-Modified")); err == nil {
		list = append(list, condition{id: "proxy-if-modified-since-later", header: ifModifiedSince(httpTime(t.Add(time.Second))), want: either})
	}
	return list
}

func ifNoneMatch(etag string) compare.Header {
	return compare.Header{{Name: "If-None-Match", Value: etag}}
}

func ifModifiedSince(date string) compare.Header {
	return compare.Header{{Name: "If-Modified-Since", Value: date}}
}

func httpTime(t time.Time) string { return t.UTC().Format(http.TimeFormat) }

// validators asks whether the file has changed, as browsers do that have a copy.
var validators = diag.Family{
	Name: "validators",
	When: "the download works and its answer has an ETag or Last-Modified; the backend is asked where the proxy's answer is wrong",
	Plan: func(v *diag.View) diag.Step {
		if !v.Delivered() {
			return diag.Step{}
		}
		step := askConditions(v, conditions(v.Exchange(diag.ProxyGet)))
		b := v.Exchange(diag.BackendGet)
		if !b.Answered() || len(b.Handoffs()) == 0 {
			return step
		}
		var own compare.Header
		if etag := b.Header.Get("ETag"); etag != "" {
			own = append(own, ifNoneMatch(etag)...)
		}
		if date := b.Header.Get("Last-Modified"); date != "" {
			own = append(own, ifModifiedSince(date)...)
		}
		if own != nil {
			step.Probes = append(step.Probes, diag.Probe{ID: backendNotModified, Port: diag.Backend, Method: "GET", Role: diag.RoleMain, Header: own})
		}
		return step
	},
}

// oddValidators asks with validators in their rarer forms.
var oddValidators = diag.Family{
	Name:    "odd-validators",
	Profile: diag.Thorough,
	When:    "the download works and its answer has an ETag or Last-Modified",
	Plan: func(v *diag.View) diag.Step {
		if !v.Delivered() {
			return diag.Step{}
		}
		return askConditions(v, oddConditions(v.Exchange(diag.ProxyGet)))
	},
}

// askConditions asks the proxy, and the backend the same where the proxy's
// answer is not as it should be.
func askConditions(v *diag.View, list []condition) diag.Step {
	var step diag.Step
	for _, c := range list {
		step.Probes = append(step.Probes, diag.Probe{ID: c.id, Port: diag.Proxy, Method: "GET", Role: diag.RoleMain, Header: c.header})
		if x := v.Exchange(c.id); x.Answered() && conditionFault(x, c) != "" && v.Exchange(diag.BackendGet).Answered() {
			step.Probes = append(step.Probes, diag.Probe{ID: OnBackend(c.id), Port: diag.Backend, Method: "GET", Role: diag.RoleMain, Header: c.header})
		}
	}
	return step
}

// OnBackend is the id of the same probe on the backend port.
func OnBackend(id string) string { return "backend-for-" + id }

// conditionFault says what is wrong with the answer to a conditional request,
// "" where nothing is.
func conditionFault(x *diag.Exchange, c condition) string {
	switch {
	case x.Status == 304 && c.want == whole:
		return "304 though the validator is not the current one"
	case x.Status == 304:
		return ""
	case !x.Delivers():
		return "neither 304 nor the file"
	case c.want == unchanged:
		return "the whole file though the validator is the current one"
	}
	return ""
}
