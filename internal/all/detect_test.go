package all_test

import (
	"testing"

	"github.com/proxydiag/proxydiag/internal/all"
)

// TestDetect: each kind knows the shape of its own samples, and of no other's.
func TestDetect(t *testing.T) {
	for _, k := range all.Kinds() {
		for _, s := range k.Samples {
			for _, other := range all.Kinds() {
				if other.Detect == nil {
					continue
				}
				if got, want := other.Detect(s.Text), other.Name == k.Name; got != want {
					t.Errorf("%s takes %s's %s for its own: %v", other.Title, k.Title, s.Name, got)
				}
			}
		}
	}
}
