package main

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/proxydiag/proxydiag/pkg/fixture"
)

// TestLeftovers: of the errors of an interrupted command those remain that tell
// what could not be removed.
func TestLeftovers(t *testing.T) {
	stays := &fixture.Error{Op: "remove", Path: "x", Class: fixture.ClassOther, Err: errors.New("it stays")}
	for name, c := range map[string]struct {
		err  error
		want int
	}{
		"interrupted":          {fmt.Errorf("put: %w", context.Canceled), 0},
		"nothing to remove":    {&fixture.Error{Op: "put", Err: context.Canceled}, 0},
		"something stays":      {&fixture.Error{Op: "put", Err: errors.Join(context.Canceled, stays)}, 1},
		"several things stay":  {errors.Join(stays, &fixture.Error{Op: "put", Err: errors.Join(stays, context.Canceled)}), 2},
		"nothing went wrong":   {nil, 0},
		"it is what was asked": {stays, 1},
	} {
		if got := leftovers(c.err); len(got) != c.want {
			t.Errorf("%s: %v, want %d", name, got, c.want)
		}
	}
}
