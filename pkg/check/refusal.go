package check

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// sameRefusal says that the backend's answer to another way of asking is what
// comes through the proxy: a redirect to the same place, or the same status
// with the same body. Of empty answers the same demand for a login is one.
func sameRefusal(x, p *diag.Exchange) bool {
	if !x.Answered() || !p.Answered() || x.Status != p.Status || len(x.Handoffs()) > 0 {
		return false
	}
	if p.Status/100 == 3 {
		return target(x) != "" && target(x) == target(p)
	}
	if x.Body.Length == 0 && p.Body.Length == 0 {
		login := p.Header.Get("WWW-Authenticate")
		return login != "" && login == x.Header.Get("WWW-Authenticate")
	}
	return diag.SameAnswer(x, p)
}

// target is where a redirect leads to, without scheme and host: proxies write
// those anew.
func target(x *diag.Exchange) string {
	from, err1 := url.Parse(x.Request.URL)
	to, err2 := url.Parse(x.Header.Get("Location"))
	if err1 != nil || err2 != nil || x.Header.Get("Location") == "" {
		return ""
	}
	return from.ResolveReference(to).RequestURI()
}

// refused is what the application refuses what the proxy asks it for: the
// answers on its own port that are what comes through the proxy.
type refused struct {
	lost      []*diag.Exchange // without a field of --header
	forwarded []*diag.Exchange // with fields that proxies send
	address   []*diag.Exchange // for a client at an address that nobody has
}

func refusalOf(v *diag.View) refused {
	var r refused
	p := v.Exchange(diag.ProxyGet)
	if !refusable(v) {
		return r
	}
	for _, w := range withouts(v) {
		if x := v.Exchange(w.id); sameRefusal(x, p) {
			r.lost = append(r.lost, x)
		}
	}
	for _, f := range append(forwardings(v), foreign()) {
		x := v.Exchange(f.id)
		switch {
		case !sameRefusal(x, p):
		case f.header[0].Value == foreignClient:
			r.address = append(r.address, x)
		default:
			r.forwarded = append(r.forwarded, x)
		}
	}
	if x := v.Exchange(backendForwarded); r.forwarded == nil && r.address == nil && sameRefusal(x, p) {
		r.forwarded = append(r.forwarded, x) // only all of them together
	}
	return r
}

// refusalFault names the side that has to change where the application refuses
// what the proxy asks it for, and where one reason alone fits.
func refusalFault(v *diag.View, p *diag.Exchange) fault {
	r := refusalOf(v)
	switch {
	case r.address != nil:
		return fault{} // the application's list, or the address that the proxy tells it
	case r.lost != nil && r.forwarded == nil:
		return fault{"proxy-request-header-lost", fmt.Sprintf("Through the proxy comes %s. That is exactly what the backend answers on its own port when it is asked without %s.",
			status(p), strings.Join(without(r.lost), ", or without "))}
	case r.forwarded != nil && r.lost == nil:
		return fault{"backend-error-status", fmt.Sprintf("Asked plainly on its own port, the backend answers as it should. Asked as a proxy asks, with %s, it answers %s, which is exactly what comes through the proxy.",
			fields(r.forwarded[0]), status(p))}
	}
	return fault{}
}

// without are the fields that were left out.
func without(list []*diag.Exchange) []string {
	var names []string
	for _, x := range list {
		names = append(names, x.Probe.Without...)
	}
	return names
}

// ownPage is the server whose built-in page an answer of the proxy port is, ""
// where it is none, or where the page may be the backend's, or stand in place of
// the backend's own answer.
func ownPage(v *diag.View, p *diag.Exchange) string {
	b := v.Exchange(diag.BackendGet)
	page := sendfile.ErrorPage(p.Status, canonical(p.Header), p.Body.Sample)
	if page == "" || page == product(b) || product(b) == "" && page != product(p) {
		return ""
	}
	// Some proxies put pages of their own into the place of the application's.
	bm, pm := v.Exchange(diag.BackendMissing), v.Exchange(diag.ProxyMissing)
	if bm.Answered() && pm.Answered() && len(bm.Handoffs()) == 0 && bm.Status >= 400 && bm.Status == pm.Status && bm.Body.SHA256 != pm.Body.SHA256 &&
		sendfile.ErrorPage(pm.Status, canonical(pm.Header), pm.Body.Sample) == page {
		return ""
	}
	return page
}

// afterIt says that an answer which is not the file is what became of the
// backend's handoff, and how that is known. The backend's own port handed off;
// through the proxy it may have been asked otherwise and answered otherwise.
func afterIt(v *diag.View, p *diag.Exchange) (why string, ok bool) {
	if v.Stack.Companion {
		return "the companion saw the request and handed off", true
	}
	if page := ownPage(v, p); page != "" {
		return "the page is the server's own, not the application's", true
	}
	b, bm, pm := v.Exchange(diag.BackendGet), v.Exchange(diag.BackendMissing), v.Exchange(diag.ProxyMissing)
	const disposition = "Content-Disposition"
	if value := b.Header.Get(disposition); value != "" && value == p.Header.Get(disposition) {
		return "the answer has the " + disposition + " that the backend sends with the handoff", true
	}
	if own := b.Header.Get("Server"); own != "" && diag.SameAnswer(bm, pm) && pm.Header.Get("Server") == own &&
		p.Header.Get("Server") != "" && p.Header.Get("Server") != own {
		return "the answer has another Server field than those that the application gives through the proxy", true
	}
	if names := v.Lacking(p); names != nil && p.Status < 500 { // what fails altogether may lack anything
		return "the answer lacks what the application sends with each of its own (" + strings.Join(names, ", ") + ")", true
	}
	uri := internalURI(v)
	if i, e := v.Exchange(diag.ProxyInternal), v.Exchange(backendEcho); diag.SameAnswer(p, i) && e.Answered() && !diag.SameAnswer(i, e) {
		return "the proxy answers the same when it is asked for the internal URI", true
	}
	if to, err := url.Parse(p.Header.Get("Location")); err == nil && uri != "" && p.Status/100 == 3 && strings.HasPrefix(to.EscapedPath(), uri) {
		return "it redirects to the internal URI", true
	}
	return "", keptPrefix(v)
}

// ofHandoff says that an answer is what became of the handoff.
func ofHandoff(v *diag.View, p *diag.Exchange) bool {
	_, ok := afterIt(v, p)
	return ok
}

// whoRefused says why it is not known who gave an answer that is not the file,
// and what would tell.
func whoRefused(v *diag.View) string {
	text := "the backend hands off on its own port, and what comes through the proxy does not show who gave it: the application, " +
		"which the proxy may ask otherwise (login, client's address, scheme), or the proxy, after the handoff"
	if p, b := v.Exchange(diag.ProxyGet), v.Exchange(diag.BackendGet); b.Header.Get("Server") != "" && p.Header.Get("Server") == b.Header.Get("Server") && len(servers(v, diag.Proxy)) > 0 {
		text = "the application answers otherwise when the proxy asks it (the field Server is the application's, not the proxy's): look at its log, and at login, client's address and scheme"
	}
	r := refusalOf(v)
	if r.address != nil {
		text = fmt.Sprintf("the application refuses by the client's address: asked with %s it answers exactly this. Which address the proxy tells it, and which ones it takes, is what to look at",
			fields(r.address[0]))
	} else if r.lost != nil && r.forwarded != nil {
		text = fmt.Sprintf("the application answers this also without %s, and with %s: which of them it is does not show",
			strings.Join(without(r.lost), ", "), fields(r.forwarded[0]))
	}
	return text + "; the log of the application tells, or a run with --companion in its place, or with --config and --error-log"
}
