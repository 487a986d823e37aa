package server_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/proxydiag/proxydiag/pkg/server"
)

func TestRender(t *testing.T) {
	sample := server.Sample{
		Name: "site", Title: "a site", Path: "/dl/", Direct: "/direct/",
		Text:     "listen 127.0.0.1:8080 to 127.0.0.1:8000; files /srv/media/; again /srv/media/\n",
		Sendfile: "kind:/srv/media/",
		Storage:  "/srv/media/protected",
	}
	for name, c := range map[string]struct {
		values                  server.Values
		text, sendfile, storage string
	}{
		"all": {
			server.Values{Listen: "[::1]:1", Backend: "127.0.0.1:8080", Storage: "/tmp/x"},
			"listen [::1]:1 to 127.0.0.1:8080; files /tmp/x/; again /tmp/x/\n", "kind:/tmp/x/", "/tmp/x/protected",
		},
		"some": {
			server.Values{Backend: "app:80"},
			"listen 127.0.0.1:8080 to app:80; files /srv/media/; again /srv/media/\n", "kind:/srv/media/", "/srv/media/protected",
		},
		"placeholders": {server.Placeholders(), sample.Text, sample.Sendfile, sample.Storage},
	} {
		t.Run(name, func(t *testing.T) {
			want := sample
			want.Text, want.Sendfile, want.Storage = c.text, c.sendfile, c.storage
			if d := cmp.Diff(want, sample.Render(c.values)); d != "" {
				t.Errorf("Render (-want +got):\n%s", d)
			}
		})
	}
}
