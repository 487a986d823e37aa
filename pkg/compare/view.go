package compare

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// values are the values of all fields of one name, in order. They are
// compared as a whole.
type values []string

// Equal is what go-cmp asks.
func (v values) Equal(w values) bool { return slices.Equal(v, w) }

// view is what of an exchange is compared: everything under a name; field
// names in lower case, as they do not depend on case (RFC 9110 section 5.1).
type view map[string]values

func viewOf(x Exchange) view {
	v := view{StatusField: {strconv.Itoa(x.Status)}, BodyField: describeBody(x.Body)}
	for _, f := range x.Header {
		name := strings.ToLower(f.Name)
		v[name] = append(v[name], f.Value)
	}
	return v
}

// with adds an empty entry for each rule, so that what is expected and on
// neither side is looked at.
func (v view) with(want Expected) view {
	for _, r := range want.Header {
		if name := strings.ToLower(r.Name); v[name] == nil {
			v[name] = values{}
		}
	}
	return v
}

// leaf is one name of two views with what stands under it.
type leaf struct {
	name  string
	a, b  values
	equal bool
}

// reporter is a go-cmp Reporter that collects the leaves of two views, equal
// ones included.
type reporter struct {
	path   cmp.Path
	leaves []leaf
}

func (r *reporter) PushStep(s cmp.PathStep) { r.path = append(r.path, s) }
func (r *reporter) PopStep()                { r.path = r.path[:len(r.path)-1] }

func (r *reporter) Report(res cmp.Result) {
	key, ok := r.path.Last().(cmp.MapIndex)
	if !ok {
		return
	}
	l := leaf{name: key.Key().String(), equal: res.Equal()}
	a, b := key.Values()
	if a.IsValid() {
		l.a, _ = a.Interface().(values)
	}
	if b.IsValid() {
		l.b, _ = b.Interface().(values)
	}
	r.leaves = append(r.leaves, l)
}

func leaves(a, b view) []leaf {
	var r reporter
	cmp.Equal(a, b, cmp.Reporter(&r))
	return r.leaves
}

// describeBody puts a body into words that are equal only if the bodies are.
func describeBody(b Body) values {
	text := fmt.Sprintf("%d bytes", b.Length)
	switch b.Match {
	case NotCompared:
		if b.SHA256 != "" && b.Length > 0 {
			text += ", SHA-256 " + b.SHA256[:min(len(b.SHA256), 16)]
		}
	case Equal:
		text += ", as expected"
	case Prefix:
		text += ", right as far as they go"
	case Longer:
		text += fmt.Sprintf(", %d too many", b.Length-b.FirstDiff)
	case Differs:
		text += fmt.Sprintf(", wrong from offset %d on", b.FirstDiff)
	case Empty:
		text = "empty"
	}
	return values{text}
}
