package all_test

import (
	"testing"

	"github.com/proxydiag/proxydiag/internal/all"
)

// TestDetectJSON: a configuration in JSON is Caddy's, whatever its lines end with.
func TestDetectJSON(t *testing.T) {
	for _, text := range []string{
		`{"apps":{"http":{"servers":{"srv0":{"listen":[":443"],"routes":[]}}}}}`,
		"{\n  \"apps\": {\n    \"http\": {\"servers\": {}}\n  }\n}\n",
	} {
		for _, k := range all.Kinds() {
			if got := k.Detect(text); got != (k.Name == "caddy") {
				t.Errorf("%s takes %s for its own: %v", k.Title, text, got)
			}
		}
	}
}

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
