package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/proxydiag/proxydiag/pkg/diag"
	"github.com/proxydiag/proxydiag/pkg/sendfile"
)

// lostName is a name whose file does not come, and what the backend hands off
// for it on its own port.
type lostName struct {
	named
	name        string // of the file
	proxy       *diag.Exchange
	value, want string // the handoff as it is, and as the dialect would have it
	way         way
}

// excuse says why a name that does not come is no fault.
type excuse struct {
	named
	why  string
	lost *lostName // where it is worth knowing all the same
}

// lostNames are the names whose files do not come through the proxy and are
// handed off by the backend; excused are those of which nothing can be said, or
// nothing bad.
func lostNames(v *diag.View) (lost []lostName, excused []excuse) {
	if !othersMakeSense(v) {
		return nil, nil
	}
	few := fewRefused(v)
	for _, n := range allNames() {
		f, p, b := v.Fixture(n.role), v.Exchange(n.probe()), v.Exchange(OnBackend(n.probe()))
		switch {
		case f == nil || f.OK() && !v.Asked(n.probe()) || p.Delivers():
		case !f.OK():
			excused = append(excused, excuse{named: n, why: "the storage has no files of such names"})
		case p == nil:
			excused = append(excused, excuse{named: n, why: "the proxy did not say: " + unsaid(v, n.probe())})
		case !answersForName(p):
			excused = append(excused, excuse{named: n, why: "the proxy did not say: " + answer(p)})
		default:
			if l, why := judgeName(v, n, f, p, b, few); why != "" {
				e := excuse{named: n, why: why}
				if l.name != "" && (l.way == wayOther || n.role == nameFolder) {
					e.lost = &l
				}
				excused = append(excused, e)
			} else {
				lost = append(lost, l)
			}
		}
	}
	right := func(l lostName) bool { return l.way == wayRight }
	if spec, _ := v.Spec(); spec.Dialect.Coding == sendfile.Raw && slices.ContainsFunc(lost, right) {
		// Names without a per cent sign do not come either: it is not that this
		// proxy decodes.
		for i, l := range lost {
			if l.way == wayUnencoded {
				lost[i].way, lost[i].want = wayRight, l.value
			}
		}
	}
	return lost, excused
}

// answersForName says that an answer that is not the file has to do with its
// name: it is none of a server that fails for other reasons.
func answersForName(p *diag.Exchange) bool {
	switch {
	case !p.Answered() || timedOut(p):
		return false
	case p.Status >= 500:
		return false // a hiccup, or the application's own
	}
	return true
}

// judgeName looks at the backend's handoff for a name whose file does not come.
// why is not empty where that is no fault of anyone's; few says that the proxy
// refuses only few names.
func judgeName(v *diag.View, n named, f *diag.FixtureRecord, p, b *diag.Exchange, few bool) (l lostName, why string) {
	spec, known := v.Spec()
	switch {
	case !b.Answered():
		return l, "the backend port cannot be asked from here"
	case b.Status >= 300:
		return l, "the backend refuses them on its own port: " + status(b)
	case !known || !b.HandsOff(spec.Dialect):
		return l, "the backend hands them off in another way"
	}
	want, err := spec.Encode(f.Name)
	if err != nil {
		return l, fmt.Sprintf("%s cannot name them to this kind of proxy", spec.Dialect.Header)
	}
	value := b.Header.Get(spec.Dialect.Header)
	l = lostName{named: n, name: f.Name, proxy: p, value: value, want: want, way: wayOf(v, spec, f.Name, value)}
	reading := spec.Dialect.Coding == sendfile.Raw && strings.Contains(f.Name, "%")
	switch {
	case l.way == wayOther:
		return l, "the backend names other files for them"
	case l.way != wayRight:
		return l, ""
	case n.role == nameDot:
		return l, "the proxy refuses them, as rules that hide configuration files do: " + status(p)
	case n.role == nameFolder:
		return l, "the proxy answers " + status(p)
	case p.Status == 403 && few:
		return l, "a rule of the proxy refuses them: " + status(p)
	case reading && !v.Stack.Companion:
		// As they are these values are right for a proxy that does not decode, so
		// this one does: versions differ.
		l.way, l.want = wayUnencoded, diag.EscapePath(value)
	case reading && len(p.Seen) > 0 && sameTarget(v, f, p):
		return l, "the proxy decodes the handoff, as other versions of it do"
	}
	return l, ""
}

// fewRefused says that the proxy refuses at most half of the names that are
// tried for what they hold. A rule is against something, such as quotes; what
// refuses nearly all that has to be escaped is none.
func fewRefused(v *diag.View) bool {
	refused, asked := 0, 0
	for _, n := range allNames() {
		p, b := v.Exchange(n.probe()), v.Exchange(OnBackend(n.probe()))
		if !p.Answered() || n.role == nameDot || n.role == nameFolder {
			continue
		}
		asked++
		if p.Status == 403 && b.Answered() && b.Status < 300 {
			refused++
		}
	}
	return 2*refused <= asked
}

// sameTarget says that the backend was asked by the proxy for the file that we
// asked the proxy for.
func sameTarget(v *diag.View, f *diag.FixtureRecord, p *diag.Exchange) bool {
	return unescape(p.Seen[0].Path) == decoded(v.Stack.Backend.For(f.Name))
}

// nameFault is the one way in which the names that do not come are written
// wrongly: the code, and those names. Where a backend does several things
// wrong at once, what it does to most of them comes first.
func nameFault(v *diag.View) (code string, concerned []lostName) {
	lost, _ := lostNames(v)
	ways := map[way]bool{}
	for _, l := range lost {
		ways[l.way] = true
		if l.way >= wayDouble && l.way <= wayCharset {
			concerned = append(concerned, l)
		}
	}
	for _, c := range []struct {
		way  way
		code string
	}{
		{wayDouble, "backend-name-double-encoded"},
		{wayPlus, "backend-plus-for-space"},
		{wayMojibake, "backend-mojibake"},
		{wayEncoded, "backend-name-encoded"},
		{wayUnencoded, "backend-name-unencoded"},
		{wayCharset, "backend-mojibake"},
	} {
		if ways[c.way] {
			return c.code, concerned
		}
	}
	return storedNameFault(v, lost)
}

// storedNameFault judges names that are not written wrongly: those that
// someone changes into what another system would take for the same, and those
// that do not come though the handoff is right.
func storedNameFault(v *diag.View, lost []lostName) (code string, concerned []lostName) {
	var roles []string
	for _, l := range lost {
		roles = append(roles, l.role)
	}
	has := func(w way) bool { return slices.ContainsFunc(lost, func(l lostName) bool { return l.way == w }) }
	switch {
	case len(lost) == 0:
		return "", nil
	case has(wayCase), slices.Equal(roles, []string{nameUpper}):
		return "storage-case-mismatch", lost
	case has(wayNormal), slices.Equal(roles, []string{nameAccent}) && v.Exchange(named{role: nameDecomposed}.probe()).Delivers(),
		slices.Equal(roles, []string{nameDecomposed}):
		return "storage-unicode-normalization", lost
	case slices.ContainsFunc(lost, func(l lostName) bool {
		return len(l.proxy.Seen) > 0 && !sameTarget(v, v.Fixture(l.role), l.proxy)
	}):
		return "proxy-path-rewritten", lost
	}
	return "handoff-name-encoding", lost
}

// nameRule is the judge function of a rule that nameFault decides.
func nameRule(code string) func(*diag.View) []diag.Finding {
	return func(v *diag.View) []diag.Finding {
		got, concerned := nameFault(v)
		if got != code {
			return nil
		}
		var what, asked []string
		for _, l := range concerned {
			what = append(what, l.what)
			if len(l.proxy.Seen) > 0 && !sameTarget(v, v.Fixture(l.role), l.proxy) {
				asked = append(asked, fmt.Sprintf("for %s the proxy asked it for %s.", l.name, unescape(l.proxy.Seen[0].Path)))
			}
		}
		l := concerned[0]
		finding := diag.Finding{Evidence: []diag.Evidence{handedOff(concerned), said(l.proxy), said(v.Exchange(OnBackend(l.probe())))}}
		finding.Detail = fmt.Sprintf("%s arrives. Files whose names have %s do not.", v.Fixture(diag.RoleMain).Name, strings.Join(what, "; "))
		if l.value != l.want {
			finding.Detail += fmt.Sprintf("\nFor %s the backend sends %s, the proxy wants %s.", l.name, l.value, l.want)
		} else {
			finding.Detail += fmt.Sprintf("\nFor %s the backend sends %s, which is right, and the proxy answers %s.", l.name, l.value, status(l.proxy))
		}
		if asked != nil {
			finding.Evidence = append(finding.Evidence, diag.Evidence{Kind: diag.EvidenceSeen, Probe: l.probe(),
				Text: "the backend port saw other paths: " + strings.Join(asked, " ")})
		}
		return []diag.Finding{finding}
	}
}

// handedOff shows what becomes of names.
func handedOff(names []lostName) diag.Evidence {
	e := diag.Evidence{Kind: diag.EvidenceDiff, Text: "the handoff for each name, and what comes of it", Probe: OnBackend(names[0].probe())}
	for _, l := range names {
		e.Rows = append(e.Rows, diag.Row{Field: l.what, Backend: l.value, Proxy: status(l.proxy), Expected: l.want})
	}
	return e
}

// judgeNames says which names could not be tried, or do not matter.
func judgeNames(v *diag.View) (diag.Status, string) {
	if s, reason, skip := ofOthers(v); skip {
		return s, reason
	}
	if !v.Stack.Profile.Includes(diag.Standard) || !v.Delivered() {
		s, reason, _ := sent(v, "")
		return s, reason
	}
	if code, lost := nameFault(v); code != "" {
		return diag.Fail, fmt.Sprintf("%d names do not arrive", len(lost))
	}
	_, excused := lostNames(v)
	var whys []string
	has := map[string][]string{}
	for _, e := range excused {
		if has[e.why] == nil {
			whys = append(whys, e.why)
		}
		has[e.why] = append(has[e.why], e.what)
	}
	for i, why := range whys {
		whys[i] = fmt.Sprintf("not with %s (%s)", strings.Join(has[why], ", "), why)
	}
	arrived := slices.ContainsFunc(allNames(), func(n named) bool { return v.Exchange(n.probe()).Delivers() })
	if !arrived && len(whys) == 0 {
		return diag.Unknown, notSent
	}
	if !arrived {
		return diag.Unknown, strings.Join(whys, "; ")
	}
	return diag.Pass, strings.Join(whys, "; ")
}
