package health

import (
	"context"
	"net/http/httptest"
	"testing"
)

// TestNothingLeft: an answer about no check at all is not that all is well.
func TestNothingLeft(t *testing.T) {
	t.Parallel()
	r := &Registry{}
	if err := r.Add(Check{Name: "a", Func: func(context.Context) error { return nil }}); err != nil {
		t.Fatal(err)
	}
	r.Once(t.Context())
	h := &Handler{Registry: r}
	for path, want := range map[string]int{"/healthz": 200, "/healthz?check=a": 200, "/healthz?check=a&skip=a": 404, "/healthz?skip=a": 404} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != want {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}
