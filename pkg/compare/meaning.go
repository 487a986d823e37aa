package compare

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// diffFailure reports that at least one side gave no whole answer.
func diffFailure(backend, proxy Exchange) Difference {
	d := Difference{Field: FailureField, Expected: "none on either side", Verdict: Changed}
	if backend.Failure != nil {
		d.Backend = []string{backend.Failure.Error()}
	}
	if proxy.Failure != nil {
		d.Proxy = []string{proxy.Failure.Error()}
	}
	switch {
	case backend.Failure == nil:
		d.Meaning = "The backend answers, but the exchange with the proxy failed: " + proxy.Failure.Message + "."
	case proxy.Failure == nil:
		d.Meaning = "The proxy answers, but the exchange with the backend failed: " + backend.Failure.Message + "."
	default:
		d.Verdict = Same
		if backend.Failure.Kind != proxy.Failure.Kind {
			d.Verdict = Changed
		}
		d.Meaning = "Both exchanges failed, so there is no whole answer to compare."
	}
	return d
}

// status judges the proxy's status.
func (c comparison) status() (Difference, bool) {
	b, p, want := c.backend.Status, c.proxy.Status, c.want.Status
	if want == 0 {
		want = b
	}
	d := Difference{
		Field: StatusField, Backend: []string{strconv.Itoa(b)}, Proxy: []string{strconv.Itoa(p)},
		Expected: strconv.Itoa(want), Verdict: AsExpected,
		Meaning: fmt.Sprintf("The proxy makes %d of the backend's %d, as it should.", p, b),
	}
	switch {
	case p == want:
		return d, p != b
	case c.isVolatile(StatusField):
		d.Verdict, d.Meaning = Fleeting, "The status changes from one answer to the next by itself."
	default:
		d.Verdict = Changed
		d.Meaning = fmt.Sprintf("The client gets %d where %d was due: %s.", p, want, statusMeaning(p))
	}
	return d, true
}

// statusMeaning says what the status of a proxy tells of it.
func statusMeaning(status int) string {
	switch {
	case status == 401:
		return "the proxy asks for a password"
	case status == 403:
		return "somebody on the way refuses the file"
	case status == 404:
		return "somebody on the way does not find the file"
	case status == 405, status == 501:
		return "the method is not let through"
	case status == 413, status == 414, status == 431:
		return "the request is too large for somebody on the way"
	case status == 502, status == 503:
		return "the proxy cannot use its upstream"
	case status == 504:
		return "the proxy waited too long for its upstream"
	case status >= 500:
		return "the server failed at it"
	case status >= 400:
		return "the request is refused"
	case status >= 300:
		return "the client is sent elsewhere or to its cache"
	}
	return "an error may be hidden from the client"
}

// body judges the proxy's body.
func (c comparison) body(l leaf) (Difference, bool) {
	m := c.proxy.Body.Match
	d := Difference{Field: BodyField, Backend: l.a, Proxy: l.b, Expected: "the expected content", Verdict: Changed}
	switch {
	case m == Equal:
		d.Verdict = AsExpected
		d.Meaning = "The client gets exactly the expected bytes, which the backend left to the proxy to send."
		return d, !l.equal
	case m == NotCompared && l.equal:
		return d, false
	case m == NotCompared && c.isVolatile(BodyField):
		d.Verdict, d.Meaning = Fleeting, "The body changes from one answer to the next by itself."
	case m == NotCompared:
		d.Expected = "the backend's"
		d.Meaning = "The client gets another body than the backend sends."
	case m == Empty:
		d.Verdict = Lost
		d.Meaning = "The client gets an empty file: nobody put the content in."
	case m == Prefix:
		d.Verdict = Lost
		d.Meaning = fmt.Sprintf("The client gets the first %d bytes of the file only.", c.proxy.Body.Length)
	case m == Longer:
		d.Verdict = Added
		d.Meaning = fmt.Sprintf("The client gets the file and %d bytes more.", c.proxy.Body.Length-c.proxy.Body.FirstDiff)
	default:
		d.Meaning = fmt.Sprintf("The client gets other content than the file's, from byte %d on.", c.proxy.Body.FirstDiff)
	}
	return d, true
}

// meaning says in one sentence what a difference in a field means to the
// people who run the proxy and to those who download through it.
func meaning(name string, d Difference, r Rule) string {
	switch d.Verdict {
	case HopByHop:
		return d.Field + " belongs to one connection and ends with it; that it differs means nothing."
	case Fleeting:
		if name == "date" || name == "server" || name == "via" {
			return d.Field + " is stamped by every server on the way; that it differs means nothing."
		}
		return d.Field + " changes from one answer to the next by itself; that it differs means nothing."
	case Same:
		if r.Fate == Drop {
			text := "The proxy passes " + d.Field + " on, although that is not promised"
			if isHandoff(name) {
				return text + consequence(addedMeans, name)
			}
			return text + "."
		}
		return d.Field + " says the same in another number of lines."
	case AsExpected:
		return expectedMeaning(d, r)
	case Added:
		return "The proxy adds " + d.Field + ", which the backend did not send" + consequence(addedMeans, name)
	case Lost:
		who := "The backend's " + d.Field + " does not reach the client"
		if len(d.Backend) == 0 || r.Fate == Own {
			who = "The client should get " + d.Field + " and does not"
		}
		return who + consequence(lostMeans, name)
	case Duplicated:
		text := fmt.Sprintf("The client gets %s %d times", d.Field, len(d.Proxy))
		if slices.Contains(singletons, name) {
			return text + ": clients choose either or refuse the answer."
		}
		return text + ": both backend and proxy set it."
	}
	return "The client gets another " + d.Field + " than it should" + consequence(changedMeans, name)
}

// expectedMeaning explains a difference that is right.
func expectedMeaning(d Difference, r Rule) string {
	text := "The proxy sends its own " + d.Field + ", as it should."
	switch {
	case len(d.Proxy) == 0:
		text = "A correct proxy of this kind need not pass " + d.Field + " on."
	case r.Fate == Keep:
		text = d.Field + " is as it should be for this file."
	case len(d.Backend) == 0:
		text = "The proxy makes " + d.Field + " itself, as it should."
	}
	if r.Why == "" {
		return text
	}
	return strings.TrimSuffix(text, ".") + ": " + strings.TrimSuffix(r.Why, ".") + "."
}

// consequence ends a sentence with what follows, if the table knows it.
func consequence(table func(string) string, name string) string {
	if text := table(name); text != "" {
		return ": " + text + "."
	}
	return "."
}

// lostMeans says what follows when a field is gone.
func lostMeans(name string) string {
	switch name {
	case "content-type":
		return "browsers guess the kind of file"
	case "content-disposition":
		return "browsers open the file or name it after the URL instead of saving it under its name"
	case "content-length":
		return "no progress bar, no resuming, and a download that breaks off goes unnoticed"
	case "content-encoding":
		return "the client cannot know that the body is compressed"
	case "accept-ranges":
		return "clients do not try to resume downloads"
	case "etag", "last-modified":
		return "clients cannot ask whether their copy is still good"
	case "cache-control", "expires":
		return "caches decide for themselves how long to keep a private file"
	case "set-cookie":
		return "the session that the application opened or renewed does not reach the browser"
	case "content-security-policy", "x-content-type-options", "x-frame-options", "strict-transport-security":
		return "a protection that the application asked for is off"
	case "access-control-allow-origin", "access-control-expose-headers":
		return "scripts of other sites that may use the file cannot"
	case "vary":
		return "caches may serve one client's variant to another"
	case "www-authenticate":
		return "clients do not ask for a password"
	case "location":
		return "the redirect leads nowhere"
	}
	return ""
}

// changedMeans says what follows when a field has another value.
func changedMeans(name string) string {
	switch name {
	case "content-type":
		return "browsers treat the file as another kind"
	case "content-disposition":
		return "the file is saved under another name, or opened instead of saved"
	case "content-length":
		return "the download is cut off or never ends"
	case "content-encoding":
		return "the client decodes what is not encoded, or the other way round"
	case "cache-control", "expires":
		return "caches may keep what the application meant to be private"
	case "etag", "last-modified":
		return "revalidation and resumed downloads work with another version"
	case "location":
		return "the redirect leads elsewhere"
	case "set-cookie":
		return "sessions or their protection may break"
	}
	return ""
}

// addedMeans says what follows when the proxy adds a field.
func addedMeans(name string) string {
	if isHandoff(name) {
		return "clients see where the file is kept"
	}
	switch name {
	case "content-encoding":
		return "it compresses on the fly, so length and ranges are lost"
	case "cache-control", "expires":
		return "caches may keep what the application meant to be private"
	case "content-disposition":
		return "browsers save the file instead of showing it"
	case "set-cookie":
		return "caches will not keep the file"
	case "location":
		return "clients may be sent elsewhere"
	}
	return ""
}

// isHandoff reports whether name, in lower case, looks like a field by which a
// backend tells a proxy which file to send.
func isHandoff(name string) bool {
	return name == "x-accel-redirect" || strings.Contains(name, "sendfile") || strings.Contains(name, "send-file")
}
