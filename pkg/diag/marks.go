package diag

import (
	"net/http"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// Unmarked are the names of the fields that a backend's answer b would leave
// on the file at the client, none of which is on x: a sign that the backend
// was not asked for it. It is nil where one is there, where b has none, and
// where the proxy's kind keeps only what its configuration names.
func (v *View) Unmarked(b, x *Exchange) []string {
	d, _, known := v.Dialect()
	if !known || !b.Answered() || !x.Answered() || len(b.Handoffs()) == 0 {
		return nil
	}
	fields := http.Header{}
	for _, f := range b.Header {
		fields.Add(f.Name, f.Value)
	}
	want := d.Expect(http.MethodGet, b.Status, fields, x.Body.Length)
	if want.Rest == sendfile.MayOwn {
		return nil
	}
	var names []string
	for _, e := range want.Header {
		switch name := strings.ToLower(e.Name); {
		case e.Fate != sendfile.Keep || common[name] || name == "etag" || name == "last-modified":
		case x.Header.Has(e.Name):
			return nil
		default:
			names = append(names, e.Name)
		}
	}
	return names
}

// missesItself says that the backend has a page of its own for a missing file,
// and that the proxy's answer has nothing of it.
func (v *View) missesItself() bool {
	b, p := v.Exchange(BackendMissing), v.Exchange(ProxyMissing)
	return b.Answered() && p.Answered() && b.Status >= 400 && len(b.Handoffs()) == 0 && b.Body.Length > 0 &&
		!SameAnswer(b, p) && fingerprint(b, p) == ""
}

// Lacking are the names of the fields that the backend sends with a file and
// with its own page for a missing one, that come through the proxy with that
// page, and that x has not: a sign that x is no answer of the backend's.
func (v *View) Lacking(x *Exchange) []string {
	b, bm, pm := v.Exchange(BackendGet), v.Exchange(BackendMissing), v.Exchange(ProxyMissing)
	if !b.Answered() || !bm.Answered() || !pm.Answered() || bm.Status != pm.Status || len(bm.Handoffs()) > 0 {
		return nil
	}
	var names []string
	for _, f := range bm.Header {
		if !common[strings.ToLower(f.Name)] && b.Header.Has(f.Name) && pm.Header.Has(f.Name) && !x.Header.Has(f.Name) {
			names = append(names, f.Name)
		}
	}
	return names
}
