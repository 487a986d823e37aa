package check

import (
	"net/http"
	"slices"

	"github.com/proxydiag/proxydiag/pkg/diag"
)

// Probes of the family post.
const (
	backendPost = "backend-post"
	proxyPost   = "proxy-post"
)

// post asks for the download by POST, with an empty body, on both ports. It
// may change something in the user's application, so it is sent only where the
// user asks for it.
var post = diag.Family{
	Name:    "post",
	Profile: diag.Quick,
	When:    "the download works, and --methods names POST",
	Plan: func(v *diag.View) diag.Step {
		if !wantsPost(v) || !v.Delivered() || !v.Exchange(diag.BackendGet).Answered() {
			return diag.Step{}
		}
		return diag.Step{Probes: []diag.Probe{
			{ID: backendPost, Port: diag.Backend, Method: http.MethodPost, Role: diag.RoleMain},
			{ID: proxyPost, Port: diag.Proxy, Method: http.MethodPost, Role: diag.RoleMain},
		}}
	},
}

func wantsPost(v *diag.View) bool { return slices.Contains(v.Stack.Methods, http.MethodPost) }

// postLikeGet says that the backend answers POST as it does GET.
func postLikeGet(v *diag.View) bool {
	get, post := v.Exchange(diag.BackendGet), v.Exchange(backendPost)
	return get.Answered() && post.Answered() && post.Status == get.Status && len(post.Handoffs()) == len(get.Handoffs())
}

func judgePost(v *diag.View) (diag.Status, string) {
	p, b := v.Exchange(proxyPost), v.Exchange(backendPost)
	switch {
	case !wantsPost(v):
		return diag.Skip, "--methods does not name POST"
	case !v.Stored():
		return diag.Unknown, storageFirst
	case !v.Delivered():
		return diag.Unknown, deliveryFirst
	case p == nil || b == nil:
		return diag.Unknown, unsaid(v, proxyPost, backendPost)
	case p.Delivers():
		return diag.Pass, ""
	case !postLikeGet(v):
		return diag.Skip, "the application does not take POST: on its own port it answers " + answer(b)
	}
	return diag.Fail, "the proxy answers POST with " + answer(p) + ", body: " + body(p)
}
