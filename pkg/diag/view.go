package diag

import (
	"strings"

	"github.com/proxydiag/proxydiag/pkg/compare"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// Roles of fixtures and ids of probes that more than one package refers to.
const (
	RoleMain    = "main"
	RoleMissing = "missing"
	RoleDenied  = "denied"

	ProxyGet       = "proxy-get"
	ProxyAgain     = "proxy-get-again"
	ProxySteady    = "proxy-steady-" // and a number
	ProxyHead      = "proxy-head"
	ProxyMissing   = "proxy-missing"
	ProxyDenied    = "proxy-denied"
	ProxyInternal  = "proxy-internal"
	BackendGet     = "backend-get"
	BackendAgain   = "backend-get-again"
	BackendHead    = "backend-head"
	BackendMissing = "backend-missing"
	BackendDenied  = "backend-denied"
	DirectGet      = "direct-get"

	// BackendHTTPS is the probe that tells the backend that the client came by https.
	BackendHTTPS = "backend-scheme-https"
)

// View is a record made easy to ask: what Next and the rules look at. It is
// read only.
type View struct {
	Stack  Stack
	Record *Record

	fixtures  map[string]*FixtureRecord
	exchanges map[string]*Exchange
	asked     map[string]bool
	memo      map[any]any
	traces    []Trace
	// told is what the backend is told besides, see tellScheme.
	told compare.Header
}

// NewView prepares a view of a record.
func NewView(stack Stack, rec *Record) *View {
	v := &View{Stack: stack, Record: rec, fixtures: map[string]*FixtureRecord{}, exchanges: map[string]*Exchange{}, asked: map[string]bool{}, memo: map[any]any{}}
	for i := range rec.Fixtures {
		v.fixtures[rec.Fixtures[i].Role] = &rec.Fixtures[i]
	}
	for i := range rec.Exchanges {
		x := &rec.Exchanges[i]
		v.asked[x.Probe.ID] = true
		if !busy(x) {
			v.exchanges[x.Probe.ID] = x
		}
	}
	v.tellScheme()
	return v
}

// tellScheme lets the answer that the backend gives to a client who came by
// https stand for its answer to the plain download, where without the proxy's
// field it redirects there, and the download works.
func (v *View) tellScheme() {
	b, x := v.exchanges[BackendGet], v.exchanges[BackendHTTPS]
	if b.Answered() && b.Status/100 == 3 && x.Answered() && x.Status < 300 && len(x.Handoffs()) > 0 && v.Delivered() {
		v.exchanges[BackendGet], v.told = x, x.Probe.Header
	}
}

// Told are the fields that the backend has to be told to answer as it does
// behind the proxy; nil where it needs none.
func (v *View) Told() compare.Header { return v.told }

// Memo keeps what was computed from the record, so that rules that look at the
// same thing compute it once. The key's type belongs to the caller's package.
func (v *View) Memo(key any, compute func() any) any { return memo(v.memo, key, compute) }

// Shared is Memo for what depends on the record's Config alone: it is kept as
// the record grows.
func (v *View) Shared(key any, compute func() any) any {
	if v.Record.shared == nil {
		v.Record.shared = map[any]any{}
	}
	return memo(v.Record.shared, key, compute)
}

func memo(kept map[any]any, key any, compute func() any) any {
	got, ok := kept[key]
	if !ok {
		got = compute()
		kept[key] = got
	}
	return got
}

// busy says that an answer proves nothing: a server that has too much to do, or
// a limit on requests or connections (RFC 6585 section 4, RFC 9110 section
// 15.6.4). The plain download itself is judged by it all the same.
func busy(x *Exchange) bool {
	switch x.Probe.ID {
	case ProxyGet, BackendGet:
		return false
	}
	return x.Status == 429 || x.Status == 503
}

// Alone says that there is a configuration and no run: nothing is asked.
func (v *View) Alone() bool { return v.Stack.Proxy == "" && len(v.Record.Exchanges) == 0 }

// Asked says that a probe was sent, whether or not its answer proves anything.
func (v *View) Asked(id string) bool { return v.asked[id] }

// Fixture is the fixture of a role, nil where there is none yet.
func (v *View) Fixture(role string) *FixtureRecord { return v.fixtures[role] }

// Exchange is what came back for a probe, nil where it was not sent or where
// the answer only says that there is too much to do.
func (v *View) Exchange(id string) *Exchange { return v.exchanges[id] }

// Stored says that the main fixture is in the storage as it was written.
func (v *View) Stored() bool { return v.Fixture(RoleMain).OK() }

// Delivered says that the download works: the proxy's answer to a plain GET is
// 200 with exactly the bytes of the stored file.
func (v *View) Delivered() bool {
	return v.Fixture(RoleMain) != nil && v.Exchange(ProxyGet).Delivers()
}

// Delivers says that the answer is 200 with exactly the expected bytes.
func (x *Exchange) Delivers() bool {
	return x.Answered() && x.Failure == nil && x.Status == 200 && x.Body.Match == compare.Equal
}

// Answered says that a status line and header came back, whatever became of the body.
func (x *Exchange) Answered() bool { return x != nil && x.Status != 0 }

// Handoffs are the handoff header fields of an answer, of any dialect.
func (x *Exchange) Handoffs() []compare.Field {
	if x == nil {
		return nil
	}
	var list []compare.Field
	for _, f := range x.Header {
		for _, name := range sendfile.Headers() {
			if strings.EqualFold(f.Name, name) {
				list = append(list, f)
				break
			}
		}
	}
	return list
}

// HandsOff says that the answer carries the dialect's handoff header.
func (x *Exchange) HandsOff(d sendfile.Dialect) bool {
	return x.Answered() && x.Header.Has(d.Header)
}

// Intent is the handoff that is meant, and whether one is: stated by the user,
// or what the configuration is made for.
func (v *View) Intent() (sendfile.Spec, bool) {
	if v.Stack.Sendfile == "" {
		return sendfile.Spec{}, false
	}
	spec, err := sendfile.ParseSpec(v.Stack.Sendfile, "")
	return spec, err == nil
}

// Dialect is the dialect that the proxy understands and how that is known:
// stated by the user, told by the proxy's Server field, or, weakest, the one
// that the backend speaks. ok is false where nothing tells.
func (v *View) Dialect() (d sendfile.Dialect, how string, ok bool) {
	if spec, stated := v.Intent(); stated {
		return spec.Dialect, v.Stack.Intention(), true
	}
	if v.Stack.Server != "" {
		if d, err := sendfile.Lookup(v.Stack.Server, ""); err == nil {
			return d, "--server " + v.Stack.Server, true
		}
	}
	if x := v.Exchange(ProxyGet); x.Answered() {
		product, _, _ := strings.Cut(x.Header.Get("Server"), "/")
		if d, err := sendfile.Lookup(strings.ToLower(product), ""); err == nil {
			return d, "the proxy's field Server: " + x.Header.Get("Server"), true
		}
	}
	for _, h := range v.Exchange(BackendGet).Handoffs() {
		for _, d := range sendfile.Dialects() {
			if strings.EqualFold(d.Header, h.Name) {
				return d, "the backend's field " + h.Name, true
			}
		}
	}
	return sendfile.Dialect{}, "", false
}

// Spec is the handoff as it is meant: stated, or learned from a backend whose
// value ends with the fixture's name.
func (v *View) Spec() (sendfile.Spec, bool) {
	if spec, ok := v.Intent(); ok {
		return spec, true
	}
	d, _, ok := v.Dialect()
	f, b := v.Fixture(RoleMain), v.Exchange(BackendGet)
	if !ok || f == nil || !b.HandsOff(d) {
		return sendfile.Spec{}, false
	}
	prefix, found := strings.CutSuffix(b.Header.Get(d.Header), f.Name)
	if !found || !strings.HasPrefix(prefix, "/") {
		return sendfile.Spec{}, false
	}
	return sendfile.Spec{Dialect: d, Prefix: prefix}, true
}
