package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// misdirected says that --proxy does not lead to the proxy, and what to do
// about it: it points at the backend, or both URLs have changed places. The
// proxy then answers with a handoff that nobody acted on, which must not be
// taken for a fault of its own.
func misdirected(v *diag.View) (detail, fix string) {
	b, p := v.Exchange(diag.BackendGet), v.Exchange(diag.ProxyGet)
	if !b.Answered() || !p.Answered() || len(p.Handoffs()) == 0 || p.Body.Length > 0 {
		return "", ""
	}
	if b.Remote == p.Remote && b.Remote != "" && b.Status == p.Status && slices.Equal(steady(b), steady(p)) {
		return fmt.Sprintf("Both URLs reach the same server, %s, and get the same handoff from it: --proxy points at the backend itself, so no proxy was asked.", p.Remote),
			"Give --proxy the address that users reach, the proxy's own host and port."
	}
	if h := p.Handoffs()[0]; b.Delivers() && len(b.Handoffs()) == 0 && actsOn(b, h.Name) && product(b) != product(p) {
		return fmt.Sprintf("--backend and --proxy have changed places: where --proxy points an application hands off (%s: %s), and where --backend points a proxy (Server: %s) delivers the file.",
			h.Name, h.Value, b.Header.Get("Server")), "Exchange the URLs given with --backend and --proxy."
	}
	return "", ""
}

// steady are the fields of an answer, without those that change from one to the next.
func steady(x *diag.Exchange) []compare.Field {
	return slices.DeleteFunc(slices.Clone([]compare.Field(x.Header)), func(f compare.Field) bool {
		switch strings.ToLower(f.Name) {
		case "date", "set-cookie", "x-request-id", "x-runtime":
			return true
		}
		return false
	})
}

// product is the name of the server that an answer tells, in lower case.
func product(x *diag.Exchange) string {
	name, _, _ := strings.Cut(x.Header.Get("Server"), "/")
	return strings.ToLower(name)
}

// actsOn says that the server that answered acts on a handoff field, by its name.
func actsOn(x *diag.Exchange, field string) bool {
	d, err := sendfile.Lookup(product(x), "")
	return err == nil && strings.EqualFold(d.Header, field)
}
