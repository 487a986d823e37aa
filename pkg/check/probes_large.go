package check

import (
	"fmt"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
)

// The large fixture and the probes for it.
const (
	roleLarge = "large"
	// ProxyLarge is the GET of the large file on the proxy's port.
	ProxyLarge     = "proxy-large"
	proxyLargeHead = "proxy-large-head"
)

// large asks for a file of the size that the user names, alone: it may take
// minutes and all of the line.
var large = diag.Family{
	Name:    "large",
	Profile: diag.Quick,
	When:    "--large is given and the download works, after all others",
	Last:    true,
	Plan: func(v *diag.View) diag.Step {
		var step diag.Step
		if v.Stack.Large <= 0 || v.Stack.Fixed != "" || !v.Delivered() {
			return step
		}
		step.Put = []diag.Put{{Role: roleLarge, Ext: ".bin", Size: v.Stack.Large}}
		if v.Fixture(roleLarge).OK() {
			step.Probes = []diag.Probe{
				{ID: ProxyLarge, Port: diag.Proxy, Method: "GET", Role: roleLarge, Patient: true},
				{ID: proxyLargeHead, Port: diag.Proxy, Method: "HEAD", Role: roleLarge},
			}
		}
		return step
	},
}

// largeFault judges why the large file does not come while the main one does:
// a code of proxyFault, or the zero fault where it comes or nothing tells.
func largeFault(v *diag.View) fault {
	p := v.Exchange(ProxyLarge)
	switch {
	case p == nil || p.Delivers():
		return fault{}
	case !p.Answered() && timedOut(p):
		return fault{"proxy-timeout", "The proxy port did not answer: " + failure(p) + "."}
	case !p.Answered():
		return fault{"proxy-unreachable", "The proxy port cannot be asked: " + failure(p) + "."}
	case p.Status == 502 || p.Status == 503:
		return fault{"proxy-bad-gateway", fmt.Sprintf("The proxy answers %s.", status(p))}
	case p.Status == 504:
		return fault{"proxy-timeout", fmt.Sprintf("The proxy answers %s.", status(p))}
	case p.Status == 200 && (p.Body.Match == compare.Prefix || p.Body.Match == compare.Empty):
		return fault{"proxy-truncated", fmt.Sprintf("%s of %d came, the beginning of the file.%s%s",
			bytes(p.Body.Length), v.Fixture(roleLarge).Size, thenFailed(p), landmark(p.Body.Length))}
	}
	if f := afterHandoff(v, v.Exchange(diag.BackendGet), p); f.code != "" || p.Failure == nil {
		return f
	}
	return broken(v, p)
}

// landmark says what is known to happen at the length at which a body ends.
func landmark(n int64) string {
	const near = 16 << 20
	for _, at := range []struct {
		n    int64
		text string
	}{
		{1 << 30, " That is about 1 GiB, where proxies that buffer an answer in a temporary file stop by default."},
		{1 << 31, " That is about 2 GiB, the most that a length of 31 bits can say."},
		{1 << 32, " That is about 4 GiB, the most that a length of 32 bits can say."},
	} {
		if n > at.n-near && n < at.n+near {
			return at.text
		}
	}
	return ""
}

// largeFindings is the finding of a code about the large file.
func largeFindings(v *diag.View, code string) []diag.Finding {
	f := largeFault(v)
	if f.code != code || code == "" {
		return nil
	}
	return []diag.Finding{{
		Check:    checkLarge,
		Detail:   fmt.Sprintf("%s arrives, and a file of %s does not. %s", v.Fixture(diag.RoleMain).Name, bytes(v.Fixture(roleLarge).Size), f.detail),
		Evidence: []diag.Evidence{said(v.Exchange(diag.ProxyGet)), said(v.Exchange(ProxyLarge))},
	}}
}

// largeHeadBroken is the finding about a HEAD that tells another length than
// the large file has.
func largeHeadBroken(v *diag.View) []diag.Finding {
	x, get := v.Exchange(proxyLargeHead), v.Exchange(ProxyLarge)
	if !x.Answered() || !get.Delivers() || x.Status == 200 && (x.Body.Declared < 0 || x.Body.Declared == v.Fixture(roleLarge).Size) {
		return nil
	}
	return []diag.Finding{{
		Check: checkLarge,
		Detail: fmt.Sprintf("For a file of %s the proxy answers HEAD with %s, Content-Length: %s.",
			bytes(v.Fixture(roleLarge).Size), answer(x), x.Header.Get("Content-Length")),
		Evidence: []diag.Evidence{said(x), said(get)},
	}}
}

func judgeLarge(v *diag.View) (diag.Status, string) {
	f, x := v.Fixture(roleLarge), v.Exchange(ProxyLarge)
	switch {
	case v.Stack.Large <= 0:
		return diag.Skip, "--large is not given"
	case v.Stack.Fixed != "":
		return diag.Skip, fixedFile
	case !v.Stored():
		return diag.Unknown, storageFirst
	case !v.Delivered():
		return diag.Unknown, deliveryFirst
	case f != nil && !f.OK():
		return diag.Unknown, "the large file could not be put into the storage and read back"
	case x == nil:
		return diag.Unknown, notSent
	case !x.Delivers():
		return diag.Fail, "the proxy answers " + answer(x) + ", body: " + body(x)
	}
	return diag.Pass, ""
}
